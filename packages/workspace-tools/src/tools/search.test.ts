import { chmod, mkdir, truncate } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';

const grep = (workspace: TemporaryWorkspace, pattern: string, path?: string) =>
  workspace.call('grep_search', path === undefined ? { pattern } : { pattern, path });

describe('list_files', () => {
  test('lists one directory in the order of names', async () => {
    await using workspace = await TemporaryWorkspace.create({
      'd/b': '',
      'd/a/x': '',
      '.git/c': '',
    });
    workspace.makeFifo('d/fifo');
    expect(await workspace.call('list_files', {})).toBe('.git/\nd/\n');
    expect(await workspace.call('list_files', { path: 'd' })).toBe('d/a/\nd/b\nd/fifo\n');
    expect(await workspace.problem('list_files', { path: 'd/b' })).toContain('tools/unreadable');
  });

  test('says that a directory is empty, and where it was cut', async () => {
    await using workspace = await TemporaryWorkspace.create({ a: '', b: '', c: '' });
    await mkdir(workspace.at('z'));
    expect(await workspace.call('list_files', { path: 'z' })).toBe('[The directory is empty.]');
    workspace.limits = { maxResults: 2 };
    expect(await workspace.call('list_files', {})).toMatch(/^a\nb\n\n\[Cut after 2 entries\./);
    workspace.limits = { maxEntries: 1 };
    expect(await workspace.call('list_files', {})).toMatch(/^.\/?\n\n\[Only 1 entries/);
  });
});

describe('glob_search', () => {
  test('names are relative to the workspace, the pattern to the path', async () => {
    await using workspace = await TemporaryWorkspace.create({
      'a/x.ts': '',
      'a/b/y.ts': '',
      'a/node_modules/z.ts': '',
      '.git/w.ts': '',
    });
    const glob = (pattern: string, path?: string) =>
      workspace.call('glob_search', path === undefined ? { pattern } : { pattern, path });
    expect(await glob('**/*.ts')).toBe('a/x.ts\na/b/y.ts\n');
    expect(await glob('*.ts', 'a')).toBe('a/x.ts\n');
    expect(await glob('*.ts', 'a/node_modules')).toBe('a/node_modules/z.ts\n');
    expect(await glob('*.js')).toBe('[No file matches.]');
    expect(await workspace.problem('glob_search', { pattern: '!a' })).toMatch(
      /^tools\/invalid_input/,
    );
  });

  test('says what it did not search', async () => {
    await using workspace = await TemporaryWorkspace.create({ '1/2/3/f': '', '1/f': '', f: '' });
    workspace.limits = { maxDepth: 2 };
    expect(await workspace.call('glob_search', { pattern: '**' })).toBe(
      'f\n1/f\n\n[Nothing deeper than 2 directories was searched.]',
    );
    expect(await workspace.call('glob_search', { pattern: '*' })).toBe('f\n');
    workspace.limits = { maxResults: 1 };
    expect(await workspace.call('glob_search', { pattern: '**' })).toMatch(/^f\n\n\[Cut after 1 /);
    workspace.limits = { maxEntries: 2 };
    expect(await workspace.call('glob_search', { pattern: '**' })).toMatch(
      /^f\n\n\[Not all was searched: only 2 entries\./,
    );
  });
});

/** Turns of the event loop that others had meanwhile. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  const over = new AbortController();
  const others = (async () => {
    while (!over.signal.aborted) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
  })();
  await work;
  over.abort();
  await others;
  return turns;
}

describe('grep_search', () => {
  test('returns path, line number and text', async () => {
    await using workspace = await TemporaryWorkspace.create({
      'a/x.ts': 'one\nTwo\r\nthree',
      'a/bin': Buffer.from('Two\0'),
      b: 'Two [2]\n',
      'node_modules/c': 'Two\n',
    });
    expect(await grep(workspace, 'Two')).toBe('b:1: Two [2]\na/x.ts:2: Two\n');
    expect(await grep(workspace, '(?i)^TWO$')).toBe('a/x.ts:2: Two\n');
    expect(await grep(workspace, 'e$', 'a/x.ts')).toBe('a/x.ts:1: one\na/x.ts:3: three\n');
    expect(await grep(workspace, 'nothing')).toBe('[No line matches.]');
  });

  test.each(['(', String.raw`(a)\1`, '(?=a)', 'a{2000}', '((a{0,30}){0,30}){0,2}'])(
    'refuses %j with the reason',
    async (pattern) => {
      await using workspace = await TemporaryWorkspace.create();
      expect(await workspace.problem('grep_search', { pattern })).toMatch(
        /^tools\/invalid_input: pattern: .{10}/,
      );
    },
  );

  test('a pattern that makes others blow up ends', async () => {
    await using workspace = await TemporaryWorkspace.create({
      f: `${'a'.repeat(50_000)}\n`.repeat(3),
    });
    expect(await grep(workspace, '^(a+)+[b]$')).toMatch(
      /^\[No line matches\.\]\n\[Searched only in their first 10000 characters: 3 lines\.\]$/,
    );
  });

  test('says what was cut', async () => {
    await using workspace = await TemporaryWorkspace.create({
      a: 'x\nx\nx\n',
      b: `x${'y'.repeat(900)}`,
    });
    expect(await grep(workspace, 'x', 'b')).toMatch(
      /^b:1: xy{499} \[line cut: 401 more characters\]/,
    );
    workspace.limits = { maxResults: 2 };
    expect(await grep(workspace, 'x')).toMatch(/^a:1: x\na:2: x\n\n\[Cut after 2 matches\./);
    workspace.limits = { maxFileBytes: 2 };
    expect(await grep(workspace, 'x', 'a')).toBe(
      'a:1: x\n\n[Searched only in their first 2 bytes: 1 files.]',
    );
    workspace.limits = { maxSearchBytes: 6 };
    expect(await grep(workspace, 'x')).toMatch(/x\na:3: x\n\n\[Stopped after 6 bytes\./);
  });

  test('a huge sparse file does not hold it up', async () => {
    await using workspace = await TemporaryWorkspace.create({
      a: 'x\n'.repeat(5000),
      b: 'found\n',
    });
    await truncate(workspace.at('a'), 2 ** 40);
    workspace.limits = { maxFileBytes: 20_000 };
    expect(await grep(workspace, 'found')).toMatch(/^b:1: found\n\n\[Searched only in their first/);
  });

  test('an answer is never longer than allowed', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: '€€€\n'.repeat(5000) });
    workspace.limits = { maxOutputBytes: 2000 };
    const answer = await grep(workspace, '€');
    expect(Buffer.byteLength(answer)).toBeLessThanOrEqual(2000);
    expect(answer).toContain('[Cut after ');
  });

  test('others get their turn while a large file is searched', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: 'some text\n'.repeat(200_000) });
    const searched = grep(workspace, 'so.*[z]');
    expect(await turnsDuring(searched)).toBeGreaterThan(30);
    expect(await searched).toBe('[No line matches.]');
  });

  test('others get a turn after each chunk, however many files are read at once', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: '\n'.repeat(655_360) });
    const calls = Array.from({ length: 10 }, () => grep(workspace, 'x'));
    expect(await turnsDuring(Promise.all(calls))).toBeGreaterThanOrEqual(100);
  });

  test.each(['glob_search', 'grep_search'])('an abort ends %s', async (name) => {
    const files = Array.from({ length: 50 }, (_, index) => [`d${index}/f`, 'x'] as const);
    await using workspace = await TemporaryWorkspace.create(Object.fromEntries(files));
    const controller = new AbortController();
    const searching = workspace.call(name, { pattern: 'x' }, controller.signal);
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(searching).rejects.toBe(reason);
  });

  test('a file that may not be read is counted', async () => {
    await using workspace = await TemporaryWorkspace.create({ a: 'x', b: 'x' });
    await chmod(workspace.at('a'), 0);
    const expected =
      process.getuid?.() === 0
        ? 'a:1: x\nb:1: x\n'
        : 'b:1: x\n\n[Files that could not be read: 1.]';
    expect(await grep(workspace, 'x')).toBe(expected);
  });
});
