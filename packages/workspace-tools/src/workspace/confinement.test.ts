import { chmod, link, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';

const SECRET = 'the-secret-text';

async function withState(): Promise<TemporaryWorkspace> {
  const workspace = await TemporaryWorkspace.create({
    'src/main.ts': 'visible\n',
    '.state/kheish.db': SECRET,
    '.state/assets/deep/blob': SECRET,
    'keys/master.key': SECRET,
    'keys/public.pem': 'visible\n',
  });
  await writeFile(join(workspace.base, 'outside.txt'), SECRET);
  workspace.hidden = [workspace.at('.state'), workspace.at('keys/master.key')];
  return workspace;
}

/** Everything that the tools say about a path, with the path itself taken out. */
async function answersAbout(workspace: TemporaryWorkspace, path: string): Promise<string[]> {
  const calls = [
    workspace.problem('read_file', { path }),
    workspace.problem('list_files', { path }),
    workspace.problem('glob_search', { path, pattern: '**' }),
    workspace.problem('grep_search', { path, pattern: '.' }),
  ];
  return (await Promise.all(calls)).map((answer) => answer.replace(`: ${path}`, ': PATH'));
}

/** What the searches and the listing of a directory show of a whole workspace. */
async function everything(workspace: TemporaryWorkspace, path = '.'): Promise<string> {
  const answers = [
    workspace.call('list_files', { path }),
    workspace.call('glob_search', { path, pattern: '**' }),
    workspace.call('grep_search', { path, pattern: '.' }),
  ];
  return (await Promise.all(answers)).join('\n');
}

const NOT_FOUND = Array.from({ length: 4 }, () => {
  return 'tools/not_found: no such file or directory: PATH';
});
const REFUSED = Array.from({ length: 4 }, () => {
  return 'tools/path_not_allowed: the path leaves the workspace: PATH';
});

describe('what is hidden', () => {
  test.each([
    'missing',
    'missing/../src',
    'src/main.ts/x',
    '.state',
    '.state/',
    '.state/kheish.db',
    '.state/missing',
    '.state/../src/main.ts',
    'src/../.state/assets/deep/blob',
    'keys/master.key',
    'keys/master.key/x',
    'nul\0byte',
    'x'.repeat(300),
  ])('answers like what does not exist: %j', async (path) => {
    await using workspace = await withState();
    expect(await answersAbout(workspace, path)).toEqual(NOT_FOUND);
  });

  test('does not show in listings and searches', async () => {
    await using workspace = await withState();
    expect(await everything(workspace)).toBe(
      [
        'keys/\nsrc/\n',
        'keys/public.pem\nsrc/main.ts\n',
        'keys/public.pem:1: visible\nsrc/main.ts:1: visible\n',
      ].join('\n'),
    );
    expect(await workspace.call('list_files', { path: 'keys' })).toBe('keys/public.pem\n');
  });

  test('stays hidden behind symbolic links', async () => {
    await using workspace = await withState();
    await symlink(workspace.at('.state'), workspace.at('a'));
    await symlink('../keys/master.key', workspace.at('src/b'));
    await symlink('a', workspace.at('c'));
    for (const path of ['a', 'a/kheish.db', 'src/b', 'c/assets/deep/blob']) {
      expect(await answersAbout(workspace, path)).toEqual(NOT_FOUND);
    }
    expect(await workspace.call('list_files', {})).toBe('keys/\nsrc/\n');
    expect(await workspace.call('list_files', { path: 'src' })).toBe('src/main.ts\n');
  });

  test('stays hidden behind hard links, also of files deep in a hidden directory', async () => {
    await using workspace = await withState();
    await link(workspace.at('keys/master.key'), workspace.at('src/a.txt'));
    await link(workspace.at('.state/assets/deep/blob'), workspace.at('src/b.txt'));
    await link(workspace.at('src/main.ts'), workspace.at('src/c.txt'));
    for (const path of ['src/a.txt', 'src/b.txt']) {
      expect(await answersAbout(workspace, path)).toEqual(NOT_FOUND);
    }
    expect(await workspace.call('read_file', { path: 'src/c.txt' })).toBe('visible\n');
    expect(await workspace.call('list_files', { path: 'src' })).toBe('src/c.txt\nsrc/main.ts\n');
    expect(await everything(workspace)).not.toContain(SECRET);
    expect(await everything(workspace)).not.toMatch(/[ab]\.txt/);
  });

  test('is hidden from the moment it exists, and under the name it is really at', async () => {
    await using workspace = await withState();
    await symlink(workspace.at('keys'), join(workspace.base, 'alias'));
    workspace.hidden = [join(workspace.base, 'alias', 'later.key'), workspace.at('link.key')];
    await workspace.write('keys/later.key', SECRET);
    await workspace.write('keys/target.key', SECRET);
    await symlink('keys/target.key', workspace.at('link.key'));
    for (const path of ['keys/later.key', 'link.key', 'keys/target.key']) {
      expect(await workspace.problem('read_file', { path })).toContain('tools/not_found');
    }
  });

  test('a neighbour whose name begins the same is not hidden', async () => {
    await using workspace = await withState();
    await workspace.write('.state-of-the-art.md', 'visible');
    expect(await workspace.call('read_file', { path: '.state-of-the-art.md' })).toBe('visible');
  });

  test('a workspace inside a hidden directory shows nothing', async () => {
    await using workspace = await withState();
    workspace.hidden = [workspace.base];
    expect(await answersAbout(workspace, 'src/main.ts')).toEqual(NOT_FOUND);
    expect(await answersAbout(workspace, '.')).toEqual(
      NOT_FOUND.map((text) => expect.stringContaining(text.slice(0, 15))),
    );
  });
});

describe('what is outside', () => {
  test.each([
    '..',
    '../outside.txt',
    '../missing',
    'src/../../outside.txt',
    './src/.././../work/src/main.ts',
    '/etc/passwd',
    '/missing',
    '/proc/self/cwd',
    '/',
  ])('is refused whether or not it exists: %j', async (path) => {
    await using workspace = await withState();
    expect(await answersAbout(workspace, path)).toEqual(REFUSED);
  });

  test('is refused through symbolic links, hidden or not, there or not', async () => {
    await using workspace = await withState();
    workspace.hidden.push(join(workspace.base, 'outside.txt'));
    await symlink('../outside.txt', workspace.at('a'));
    await symlink('../missing', workspace.at('b'));
    await symlink(workspace.base, workspace.at('c'));
    await symlink('/proc/self/root', workspace.at('d'));
    for (const path of ['a', 'b', 'c', 'c/work/src/main.ts', 'd/etc/passwd']) {
      expect(await answersAbout(workspace, path)).toEqual(REFUSED);
    }
    expect(await workspace.call('list_files', {})).toBe('keys/\nsrc/\n');
    expect(await everything(workspace)).not.toContain(SECRET);
  });
});

describe('what is inside', () => {
  test('links within the workspace are followed when they are named, and listed', async () => {
    await using workspace = await withState();
    await symlink('src/main.ts', workspace.at('relative'));
    await symlink(workspace.at('src'), workspace.at('absolute'));
    expect(await workspace.call('read_file', { path: 'relative' })).toBe('visible\n');
    expect(await workspace.call('read_file', { path: 'absolute/main.ts' })).toBe('visible\n');
    expect(await workspace.call('read_file', { path: 'absolute/../relative' })).toBe('visible\n');
    expect(await workspace.call('list_files', {})).toBe(
      'absolute -> src\nkeys/\nrelative -> src/main.ts\nsrc/\n',
    );
  });

  test('loops of links end', async () => {
    await using workspace = await withState();
    await symlink('loop', workspace.at('loop'));
    await symlink('..', workspace.at('src/up'));
    expect(await workspace.problem('read_file', { path: 'loop' })).toBe(
      'tools/unreadable: loop: too many symbolic links',
    );
    expect(await workspace.call('read_file', { path: 'src/up/src/up/src/main.ts' })).toBe(
      'visible\n',
    );
    expect(await workspace.call('glob_search', { pattern: '**/*.ts' })).toBe('src/main.ts\n');
  });

  test('the workspace root may itself be reached through a link', async () => {
    await using workspace = await withState();
    const alias = join(workspace.base, 'alias');
    await symlink(workspace.root, alias);
    const through = Object.assign(Object.create(workspace), { root: alias });
    expect(await through.call('read_file', { path: 'src/main.ts' })).toBe('visible\n');
    expect(await through.call('read_file', { path: join(alias, 'src/main.ts') })).toBe('visible\n');
    expect(await through.problem('read_file', { path: 'keys/master.key' })).toMatch(/not_found/);
  });

  test('names of any script are kept, and control characters stay on their line', async () => {
    await using workspace = await TemporaryWorkspace.create({
      'e\u0301t\u00e9/日本 🗻.txt': 'hier\n',
      'two\nlines': 'da\n',
    });
    expect(await workspace.call('grep_search', { pattern: 'hier|da' })).toBe(
      'two\\u000alines:1: da\ne\u0301t\u00e9/日本 🗻.txt:1: hier\n',
    );
    expect(await workspace.call('read_file', { path: 'two\nlines' })).toBe('da\n');
    expect(await workspace.problem('read_file', { path: '\u00e9t\u00e9/日本 🗻.txt' })).toContain(
      'tools/not_found',
    );
  });
});

test('a name swapped all the time never shows what is hidden or outside', async () => {
  await using workspace = await withState();
  await mkdir(workspace.at('plain'));
  await writeFile(workspace.at('plain/kheish.db'), 'visible');
  await symlink('../outside.txt', workspace.at('out'));
  const stopped = new AbortController();
  const swap = (async () => {
    while (!stopped.signal.aborted) {
      await rename(workspace.at('plain'), workspace.at('away'));
      await symlink('.state', workspace.at('plain'));
      await rm(workspace.at('plain'));
      await symlink(workspace.base, workspace.at('plain'));
      await rm(workspace.at('plain'));
      await rename(workspace.at('away'), workspace.at('plain'));
    }
  })();
  const seen = new Set<string>();
  for (let round = 0; round < 150; round += 1) {
    seen.add(await workspace.problem('read_file', { path: 'plain/kheish.db' }));
    seen.add(await workspace.problem('grep_search', { path: 'plain', pattern: '.' }));
  }
  stopped.abort();
  await swap;
  expect([...seen].filter((answer) => answer.includes(SECRET))).toEqual([]);
  expect(await workspace.call('read_file', { path: 'plain/kheish.db' })).toBe('visible');
});

test('a directory without read permission is counted, a hidden one is not', async () => {
  await using workspace = await withState();
  await mkdir(workspace.at('closed'));
  await chmod(workspace.at('closed'), 0);
  const answer = await workspace.call('glob_search', { pattern: '**/*.ts' });
  // Root reads everything.
  const note = process.getuid?.() === 0 ? '' : '\n[Directories that could not be read: 1.]';
  await chmod(workspace.at('closed'), 0o700);
  expect(answer).toBe(`src/main.ts\n${note}`);
});
