import {
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { type ActionBinding, ActionBinding as Schema, digestOfBytes } from '@kheish/core-model';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';
import { hiddenFiles } from '../workspace/hidden-files.ts';
import { bindCommand } from './bind-command.ts';
import { bindFiles } from './bind-files.ts';

let workspace: TemporaryWorkspace;
let bin: string;

beforeEach(async () => {
  workspace = await TemporaryWorkspace.create({ 'a.txt': 'a', 'b.txt': 'b', 'sub/a.txt': 'other' });
  bin = `${workspace.base}/bin`;
  for (const name of ['tool', 'sh', 'python3', 'env', 'find']) install(bin, name);
});
afterEach(() => workspace[Symbol.asyncDispose]());

function install(directory: string, name: string, content = `#!${name}`): string {
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/${name}`, content, { mode: 0o755 });
  return `${directory}/${name}`;
}

async function bind(
  line: string,
  more: { cwd?: string; path?: string } = {},
): Promise<ActionBinding> {
  const options = { cwd: workspace.root, path: bin, hidden: workspace.hidden, ...more };
  const binding = await bindCommand(line, options);
  expect(Schema['~standard'].validate(binding)).not.toHaveProperty('issues');
  return binding;
}

const digest = (text: string) => digestOfBytes(new TextEncoder().encode(text));
const namesOf = (binding: ActionBinding): string[] =>
  binding.files.map(({ path }) => path.slice(workspace.base.length + 1));

describe('what is bound', () => {
  test('words, directory, program, and the files that words and values of options name', async () => {
    expect(await bind('tool --in=a.txt sub/../b.txt absent -n sub/a.txt a.txt')).toEqual({
      cwd: workspace.root,
      argv: ['tool', '--in=a.txt', 'sub/../b.txt', 'absent', '-n', 'sub/a.txt', 'a.txt'],
      executable: `${bin}/tool`,
      files: [
        { path: `${bin}/tool`, digest: digest('#!tool') },
        { path: workspace.at('a.txt'), digest: digest('a') },
        { path: workspace.at('b.txt'), digest: digest('b') },
        { path: workspace.at('sub/a.txt'), digest: digest('other') },
      ],
    });
  });

  test('a builtin that only speaks has no program', async () => {
    install(bin, 'echo');
    expect(await bind('echo a.txt')).toEqual({
      cwd: workspace.root,
      argv: ['echo', 'a.txt'],
      files: [{ path: workspace.at('a.txt'), digest: digest('a') }],
    });
    expect((await bind(`${bin}/echo`)).executable).toBe(`${bin}/echo`);
  });

  test('names are followed to what they stand for, as the kernel would', async () => {
    mkdirSync(`${workspace.base}/elsewhere/deep`, { recursive: true });
    writeFileSync(`${workspace.base}/elsewhere/a.txt`, 'far');
    symlinkSync(`${workspace.base}/elsewhere/deep`, workspace.at('link'));
    symlinkSync(`${bin}/tool`, workspace.at('run'));
    symlinkSync(workspace.root, `${workspace.base}/alias`);
    const binding = await bind('./run link/../a.txt', { cwd: `${workspace.base}/alias` });
    expect(binding.cwd).toBe(workspace.root);
    expect(binding.executable).toBe(`${bin}/tool`);
    expect(namesOf(binding)).toEqual(['bin/tool', 'elsewhere/a.txt']);
  });

  test('what carries a script out, however it is named', async () => {
    install(workspace.root, 'inner', '#! ./sub/last -x\n');
    install(workspace.root, 'outer', '#!inner\n');
    install(workspace.at('sub'), 'last', '\u007fELF');
    install(workspace.root, 'by-env', `#!${bin}/env -S A=1 tool -v\n`);
    install(workspace.root, 'round', '#!./round\n');
    expect(namesOf(await bind('./outer'))).toEqual(['work/outer', 'work/inner', 'work/sub/last']);
    expect(namesOf(await bind('./by-env'))).toEqual(['work/by-env', 'bin/env', 'bin/tool']);
    expect(namesOf(await bind('./round'))).toEqual(['work/round']);
  });

  test('an empty name on the PATH is the directory', async () => {
    install(workspace.root, 'mine');
    expect((await bind('mine', { path: `${bin}:` })).executable).toBe(workspace.at('mine'));
  });

  test('a file that tells no size', async () => {
    const { files } = await bind('tool /proc/sys/kernel/ostype');
    expect(files.at(-1)?.digest).toBe(digest('Linux\n'));
  });

  test('a script that an interpreter runs', async () => {
    await workspace.write('x.py', 'print()');
    expect((await bind('python3 x.py -v')).unbound).toBeUndefined();
    expect((await bind('sh ./x.py')).unbound).toBeUndefined();
  });
});

describe('what is not bound is said', () => {
  test.each([
    ['tool a.txt; tool', '`;` may mean something to the shell'],
    ['tool "$HOME"', 'the shell expands what is in double quotes'],
  ])('%j has neither words nor files', async (line, unbound) => {
    expect(await bind(line)).toEqual({ cwd: workspace.root, files: [], unbound });
  });

  test.each([
    ["sh -c 'cat a.txt'", '`sh` may run what no file here says'],
    ['sh', '`sh` may run what no file here says'],
    ['sh absent', '`sh` may run what no file here says'],
    ['python3 -c 1', '`python3` may run what no file here says'],
    ['python3 -m a.txt', '`python3` may run what no file here says'],
    ['env tool', '`env` may run what no file here says'],
    ['env a.txt', '`env` may run what no file here says'],
    [
      'find . -exec tool',
      '`find` may run what no file here says; `.` is a directory: what it holds is not bound',
    ],
    ['absent a.txt', '`absent` is not found'],
    ['./a.txt', '`./a.txt` is not found'],
    ['./sub', '`./sub` is not found'],
    [
      'cd sub',
      'the shell carries out `cd` itself; `sub` is a directory: what it holds is not bound',
    ],
    ['eval tool', 'the shell carries out `eval` itself'],
    ['printf -v x y', 'the shell carries out `printf` itself'],
  ])('%j', async (line, unbound) => {
    expect(await bind(line)).toMatchObject({ argv: expect.any(Array), unbound });
  });

  test('an option is no script, where a file is called so', async () => {
    await workspace.write('-c');
    expect((await bind('sh -c tool')).unbound).toBe('`sh` may run what no file here says');
  });

  test('what is no regular file is named and not opened', async () => {
    workspace.makeFifo('pipe');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(workspace.at('socket'), resolve));
    const binding = await bind('tool pipe socket /dev/zero');
    await new Promise((resolve) => server.close(resolve));
    expect(binding.files.slice(1)).toEqual([
      { path: workspace.at('pipe') },
      { path: workspace.at('socket') },
      { path: '/dev/zero' },
    ]);
    expect(binding.unbound).toBe(
      '`pipe` is not a regular file; `socket` is not a regular file; `/dev/zero` is not a regular file',
    );
  });

  test('files that are too large together', async () => {
    await workspace.write('large.bin');
    truncateSync(workspace.at('large.bin'), 256 * 1_048_576);
    const binding = await bind('tool large.bin a.txt');
    expect(binding.files[1]).toEqual({ path: workspace.at('large.bin') });
    expect(binding.files[2]).toEqual({ path: workspace.at('a.txt'), digest: digest('a') });
    expect(binding.unbound).toBe('`large.bin` is too large to be bound');
  });

  test('more than a person reads, and more than can be looked up', async () => {
    const directories = Array.from({ length: 260 }, (_, index) => `d${index}`);
    for (const name of directories) mkdirSync(workspace.at(name));
    const many = await bind(`tool ${directories.join(' ')}`);
    expect(many.files).toHaveLength(256);
    expect(many.unbound).toMatch(/^`d0` is [^;]*(; [^;]*){4}; and 251 more$/);
    const more = await bind(`tool ${'a.txt '.repeat(1024)}`);
    expect(more).toMatchObject({ files: [], unbound: 'the line has more than 1024 words' });
    expect(more.argv).toHaveLength(1025);
    expect(more.executable).toBeUndefined();
  });
});

describe('another action is another binding', () => {
  const changes: [string, () => void | { line?: string; cwd?: string; path?: string }][] = [
    ['the order of arguments', () => ({ line: 'tool b.txt a.txt' })],
    ['the directory', () => ({ cwd: workspace.at('sub') })],
    ['an operand', () => writeFileSync(workspace.at('b.txt'), 'c')],
    ['an operand that is longer', () => writeFileSync(workspace.at('b.txt'), 'b\n')],
    [
      'an operand that is now a link',
      () => {
        renameSync(workspace.at('b.txt'), workspace.at('c.txt'));
        symlinkSync('c.txt', workspace.at('b.txt'));
      },
    ],
    ['an operand that is gone', () => renameSync(workspace.at('b.txt'), workspace.at('c.txt'))],
    ['an operand that came', () => writeFileSync(workspace.at('new'), '')],
    ['the program', () => writeFileSync(`${bin}/tool`, '#!tooL')],
    ['the program that may not be started any more', () => chmodSync(`${bin}/tool`, 0o644)],
    [
      'a program earlier on the PATH',
      () => {
        install(`${workspace.base}/first`, 'tool');
      },
    ],
    ['another PATH', () => ({ path: install(`${workspace.base}/other`, 'tool').slice(0, -5) })],
  ];
  test.each(changes)('%s', async (_, change) => {
    const path = `${workspace.base}/first:${bin}`;
    const before = await bind('tool a.txt b.txt new', { path });
    expect(await bind('tool a.txt b.txt new', { path })).toEqual(before);
    const { line = 'tool a.txt b.txt new', ...more } = change() ?? {};
    expect(await bind(line, { path, ...more })).not.toEqual(before);
  });

  test('by any byte of any operand [holds approvals.bind_files]', async () => {
    const content = fc.uint8Array({ minLength: 1, maxLength: 3_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(content, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (contents, which, where, flip) => {
          const names = contents.map((_, index) => `f${index}`);
          contents.forEach((bytes, index) => writeFileSync(workspace.at(names[index]!), bytes));
          const line = `tool ${names.join(' ')}`;
          const before = await bind(line);
          const at = which % contents.length;
          const changed = contents[at]!.slice();
          changed[where % changed.length]! ^= flip;
          writeFileSync(workspace.at(names[at]!), changed);
          const after = await bind(line);
          const differing = after.files.filter(
            (file, index) => file.digest !== before.files[index]?.digest,
          );
          expect(differing).toEqual([
            { path: workspace.at(names[at]!), digest: digestOfBytes(changed) },
          ]);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('what is hidden is as if it were not there', () => {
  test('under any of its names', async () => {
    await workspace.write('secret/key', 'k');
    symlinkSync('secret/key', workspace.at('link'));
    linkSync(workspace.at('secret/key'), workspace.at('hard'));
    workspace.hidden = [workspace.at('secret')];
    const line = 'tool secret secret/key link hard ./sub/../secret/key --f=hard a.txt';
    const binding = await bind(line);
    expect(namesOf(binding)).toEqual(['bin/tool', 'work/a.txt']);
    expect(binding.unbound).toBeUndefined();
  });

  test('also where it is hidden only when it is read', async () => {
    await workspace.write('secret/key', 'k');
    const named = [{ name: 'key', place: workspace.at('secret/key') }];
    const hidden = hiddenFiles([workspace.at('secret')]);
    expect(await bindFiles(named, hidden)).toEqual({ files: [], gaps: [] });
  });

  test('as a program, where the next on the PATH counts', async () => {
    const first = install(`${workspace.base}/first`, 'tool');
    workspace.hidden = [first];
    const binding = await bind('tool', { path: `${workspace.base}/first:${bin}` });
    expect(binding.executable).toBe(`${bin}/tool`);
    expect((await bind(first)).unbound).toBe(`\`${first}\` is not found`);
  });

  test('as the directory', async () => {
    workspace.hidden = [workspace.at('sub')];
    const missing = { code: 'tools/not_found' };
    await expect(bind('tool', { cwd: workspace.at('sub') })).rejects.toMatchObject(missing);
    await expect(bind('tool', { cwd: workspace.at('none') })).rejects.toMatchObject(missing);
  });
});
