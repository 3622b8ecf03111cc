import { chmod, readFile, readdir, stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';

describe('edit_file', () => {
  test('replaces the one occurrence, and says where', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: 'one\ntwo $& two\nthree\n' });
    const answer = await workspace.call('edit_file', {
      path: 'f',
      old_text: 'two $&',
      new_text: '$& $1 €',
    });
    expect(answer).toMatch(/^Replaced f: 24 bytes, sha256:[0-9a-f]{64}\. Changed at line 2\.\n$/);
    expect(await workspace.read('f')).toBe('one\n$& $1 € two\nthree\n');
  });

  test('what is not there, or not once, changes nothing, and the lines are told', async () => {
    const content = 'a b\nb\nb b\naaa\n';
    await using workspace = await TemporaryWorkspace.create({ f: content });
    const edit = (old_text: string, new_text = 'x') =>
      workspace.problem('edit_file', { path: 'f', old_text, new_text });
    const ask = 'add text around it to say which one, or set replace_all';
    expect(await edit('c')).toBe(
      'tools/invalid_input: old_text is not in the file; it must match exactly',
    );
    expect(await edit('b')).toBe(
      `tools/invalid_input: old_text occurs 4 times, at lines 1, 2, 3, 3; ${ask}`,
    );
    expect(await edit('aa')).toBe(
      `tools/invalid_input: old_text occurs 2 times, at lines 4, 4; ${ask}`,
    );
    expect(await edit('a b', 'a b')).toBe(
      'tools/invalid_input: old_text and new_text are the same',
    );
    expect(await edit('')).toContain('tools/invalid_input: old_text: ');
    expect(await workspace.problem('edit_file', { path: 'g', old_text: 'a', new_text: '' })).toBe(
      'tools/not_found: no such file or directory: g',
    );
    expect(await workspace.read('f')).toBe(content);
    expect(await readdir(workspace.root)).toEqual(['f']);
  });

  test('replace_all replaces each occurrence, and tells of the first lines', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: 'a\n'.repeat(22), g: 'aaa' });
    const all = (path: string, old_text: string) =>
      workspace.call('edit_file', { path, old_text, new_text: 'b', replace_all: true });
    expect(await all('f', 'a')).toContain('Changed 22 times, at lines 1, 2, 3, ');
    expect(await workspace.read('f')).toBe('b\n'.repeat(22));
    expect(await all('g', 'aa')).toContain('Changed at line 1.');
    expect(await workspace.read('g')).toBe('ba');
  });

  test('keeps a byte order mark, permissions and the encoding', async () => {
    const wide = Buffer.from('\ufeffgrüße\n', 'utf16le');
    await using workspace = await TemporaryWorkspace.create({
      marked: '\ufeffgrüße\n',
      little: wide,
      big: Buffer.from(wide).swap16(),
    });
    await chmod(workspace.at('marked'), 0o750);
    for (const path of ['marked', 'little', 'big']) {
      await workspace.call('edit_file', { path, old_text: 'grüße', new_text: 'großes 🗻' });
    }
    const edited = Buffer.from('\ufeffgroßes 🗻\n', 'utf16le');
    expect(await workspace.read('marked')).toBe('\ufeffgroßes 🗻\n');
    expect(await readFile(workspace.at('little'))).toEqual(edited);
    expect(await readFile(workspace.at('big'))).toEqual(Buffer.from(edited).swap16());
    expect((await stat(workspace.at('marked'))).mode & 0o777).toBe(0o750);
  });

  test('keeps the line ends of a file that ends all its lines alike', async () => {
    await using workspace = await TemporaryWorkspace.create({
      dos: 'one\r\ntwo\r\nthree',
      mixed: 'one\r\ntwo\nthree\n',
      unix: 'one\ntwo\n',
    });
    const edit = (path: string, old_text: string, new_text: string) =>
      workspace.problem('edit_file', { path, old_text, new_text });
    await edit('dos', 'one\ntwo', '1\n2\n');
    await edit('dos', 'three', '3\r\n4');
    expect(await workspace.read('dos')).toBe('1\r\n2\r\n\r\n3\r\n4');
    expect(await edit('mixed', 'one\ntwo', 'x')).toContain('is not in the file');
    await edit('mixed', 'one\r\ntwo\n', '1\n2\r\n');
    expect(await workspace.read('mixed')).toBe('1\n2\r\nthree\n');
    await edit('unix', 'two', '2\r\n3');
    expect(await workspace.read('unix')).toBe('one\n2\r\n3\n');
  });

  test('what is not text through and through is refused, and stays as it is', async () => {
    const contents = {
      binary: Buffer.from('abc\0def'),
      latin1: Buffer.from('abc caf\u00e9', 'latin1'),
      late: Buffer.concat([Buffer.from('abc'.padEnd(10_000)), Buffer.from([0xff])]),
      odd: Buffer.concat([Buffer.from('\ufeffabc', 'utf16le'), Buffer.from([0])]),
    };
    await using workspace = await TemporaryWorkspace.create(contents);
    for (const [path, content] of Object.entries(contents)) {
      expect(await workspace.problem('edit_file', { path, old_text: 'abc', new_text: 'x' })).toBe(
        `tools/unreadable: ${path}: is not a text file; use write_file to replace all of it`,
      );
      expect(await readFile(workspace.at(path))).toEqual(content);
    }
  });

  test('an edit that would make a file too large is refused before it is made', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: 'a'.repeat(100_000), g: 'abc' });
    const edit = (path: string, new_text: string) =>
      workspace.problem('edit_file', { path, old_text: 'a', new_text, replace_all: true });
    expect(await edit('f', 'b'.repeat(1_000_000))).toBe(
      'tools/invalid_input: the file would become longer than 33554432 characters',
    );
    workspace.limits = { maxFileBytes: 10 };
    expect(await edit('g', '€€€€')).toBe(
      'tools/invalid_input: the file would have more than 10 bytes',
    );
    expect(await workspace.read('g')).toBe('abc');
  });

  test('an expected digest must be that of the file', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: 'a' });
    const edit = (expected_sha256: string, old_text: string) =>
      workspace.problem('edit_file', { path: 'f', old_text, new_text: 'b', expected_sha256 });
    expect(await edit('0'.repeat(64), 'not there')).toContain('tools/file_changed: f: has another');
    const sha256 = 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb';
    expect(await edit(sha256, 'a')).toContain('Replaced f');
  });
});
