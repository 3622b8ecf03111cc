import { mkdir, truncate } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';

const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}\n`).join('');

describe('read_file', () => {
  test('returns the text as it is, without line numbers', async () => {
    await using workspace = await TemporaryWorkspace.create({
      'a/b.txt': 'one\r\n\n  two',
      'c.txt': 'x\n',
    });
    expect(await workspace.call('read_file', { path: 'a/b.txt' })).toBe('one\r\n\n  two');
    expect(await workspace.call('read_file', { path: './a//../c.txt' })).toBe('x\n');
    expect(await workspace.call('read_file', { path: workspace.at('c.txt') })).toBe('x\n');
  });

  test('offset and limit cut to whole lines and say how to go on', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: lines(1, 5) });
    const read = (offset?: number, limit?: number) =>
      workspace.call('read_file', {
        path: 'f',
        ...(offset === undefined ? {} : { offset }),
        ...(limit === undefined ? {} : { limit }),
      });
    expect(await read(2, 2)).toBe(`${lines(2, 3)}\n[Cut after line 3. Read on with offset 4.]`);
    expect(await read(4)).toBe(lines(4, 5));
    expect(await read(4, 2)).toBe(lines(4, 5));
    expect(await read(5, 1)).toBe(lines(5, 5));
    expect(await read(1, 5)).toBe(lines(1, 5));
    expect(await workspace.problem('read_file', { path: 'f', offset: 6 })).toBe(
      'tools/invalid_input: offset: the file has 5 lines',
    );
  });

  test('following the offsets yields every line once, whatever cuts', async () => {
    const content = lines(1, 400) + 'last without an end';
    await using workspace = await TemporaryWorkspace.create({ f: content });
    workspace.limits = { maxLines: 90, maxOutputBytes: 1024 };
    let text = '';
    for (let offset: number | undefined = 1; offset !== undefined;) {
      const answer: string = await workspace.call('read_file', { path: 'f', offset });
      expect(Buffer.byteLength(answer)).toBeLessThanOrEqual(1024);
      const cut: RegExpExecArray | null = /\n\[Cut .* offset (\d+)\.\]$/.exec(answer);
      text += cut === null ? answer : answer.slice(0, cut.index);
      offset = cut === null ? undefined : Number(cut[1]);
    }
    expect(text).toBe(content);
  });

  test('a long line is cut between characters, with a note', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: `ab😀cd\nnext\n` });
    workspace.limits = { maxLineChars: 3 };
    expect(await workspace.call('read_file', { path: 'f' })).toBe(
      'ab [line cut: 4 more characters]\nnex [line cut: 1 more characters]\n',
    );
  });

  test('one endless line of multi-byte characters still fits the answer', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: '€'.repeat(300_000) });
    workspace.limits = { maxOutputBytes: 2048, maxLineChars: 100_000 };
    const answer = await workspace.call('read_file', { path: 'f' });
    expect(Buffer.byteLength(answer)).toBeLessThanOrEqual(2048);
    expect(answer).toMatch(/^€+ \[line cut: \d+ more characters\]$/);
  });

  test('says that a file is empty', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: '' });
    expect(await workspace.call('read_file', { path: 'f' })).toBe('[The file is empty.]');
  });

  test('characters may lie across chunks', async () => {
    const content = `x${'€'.repeat(65_000)}`.replaceAll(/(.{70})/g, '$1\n');
    await using workspace = await TemporaryWorkspace.create({ f: content });
    workspace.limits = { maxOutputBytes: 1_000_000 };
    expect(await workspace.call('read_file', { path: 'f' })).toBe(content);
  });

  test('binary files are a sentence; other encodings are text', async () => {
    await using workspace = await TemporaryWorkspace.create({
      binary: new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1]),
      latin1: Buffer.from('caf\u00e9\n', 'latin1'),
      wide: Buffer.from('\ufeffgrüße\n', 'utf16le'),
      marked: '\ufeffmarked\n',
    });
    const read = (path: string) => workspace.call('read_file', { path });
    expect(await read('binary')).toBe('[binary is a binary file of 6 bytes.]');
    expect(await read('latin1')).toMatch(/^caf\ufffd\n\n\[Characters shown as /);
    expect(await read('wide')).toBe('grüße\n');
    expect(await read('marked')).toBe('marked\n');
  });

  test('a huge file is read only as far as allowed', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: lines(1, 1000) });
    await truncate(workspace.at('f'), 2 ** 40);
    workspace.limits = { maxFileBytes: 9000 };
    expect(await workspace.call('read_file', { path: 'f', limit: 3 })).toContain('offset 4');
    const all = await workspace.call('read_file', { path: 'f' });
    expect(all).toMatch(/^line 1\n/);
    expect(all).toMatch(/Only the first 9000 bytes of a file are read; the rest .*\]$/);
    expect(await workspace.problem('read_file', { path: 'f', offset: 5000 })).toMatch(
      /^tools\/invalid_input: offset: Only the first 9000 bytes .* \d+ lines$/,
    );
  });

  test('a directory and a FIFO are refused, and the FIFO does not block', async () => {
    await using workspace = await TemporaryWorkspace.create();
    await mkdir(workspace.at('directory'));
    workspace.makeFifo('fifo');
    expect(await workspace.problem('read_file', { path: 'directory' })).toBe(
      'tools/unreadable: directory: is a directory; use list_files',
    );
    expect(await workspace.problem('read_file', { path: 'fifo' })).toBe(
      'tools/unreadable: fifo: is not a regular file',
    );
  });

  test('an abort ends it with the reason of the signal', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: 'x'.repeat(1_000_000) });
    const controller = new AbortController();
    const reading = workspace.call('read_file', { path: 'f' }, controller.signal);
    const reason = new Error('the run is to stop');
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
  });
});
