import { linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { snapshot } from '../testing/snapshot.ts';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';

const CANARY = 'the canary\n';

/** A workspace with a state root and a key inside, a key that is not made yet, and files of others beside it. */
async function besides(): Promise<TemporaryWorkspace> {
  const workspace = await TemporaryWorkspace.create({
    'src/main.ts': CANARY,
    '.state/kheish.db': CANARY,
    '.state/assets/deep/blob': CANARY,
    'keys/master.key': CANARY,
  });
  workspace.hidden = [
    workspace.at('.state'),
    workspace.at('keys/master.key'),
    workspace.at('later/Späte.key'),
    join(workspace.base, 'outside/hidden.key'),
  ];
  mkdirSync(join(workspace.base, 'outside/d'), { recursive: true });
  for (const name of ['canary', 'd/canary', 'hidden.key']) {
    writeFileSync(join(workspace.base, 'outside', name), CANARY);
  }
  // Begins like the root, and is another directory.
  mkdirSync(join(workspace.base, 'work-other'));
  writeFileSync(join(workspace.base, 'work-other/canary'), CANARY);
  return workspace;
}

type Escape = [
  title: string,
  path: string | ((workspace: TemporaryWorkspace) => string),
  prepare?: (workspace: TemporaryWorkspace) => void,
];

function linked(target: string | ((workspace: TemporaryWorkspace) => string), at = 'link') {
  return (workspace: TemporaryWorkspace) => {
    symlinkSync(typeof target === 'string' ? target : target(workspace), workspace.at(at));
  };
}

function hardLinked(target: string, at: string) {
  return (workspace: TemporaryWorkspace) => linkSync(workspace.at(target), workspace.at(at));
}

const escapes: Escape[] = [
  ['a step up', '../outside/canary'],
  ['a step up to what is new', '../outside/new'],
  ['a step up into a new directory', '../new/new'],
  ['a step up beside the root', '../new'],
  ['the parent itself', '..'],
  ['steps up through a directory', 'src/../../outside/canary'],
  ['steps up through what is missing', 'missing/../../outside/new'],
  ['steps up after what is missing', 'missing/a/../../../outside/new'],
  ['steps up through a file', 'src/main.ts/../../../outside/canary'],
  ['steps out and in again', '../work/src/main.ts'],
  ['doubled slashes', './/..//outside//canary'],
  ['dots between', '././.././outside/canary'],
  ['many steps up', `${'../'.repeat(40)}tmp/kheish-escaped`],
  ['an absolute path', ({ base }) => join(base, 'outside/canary')],
  ['an absolute path to what is new', ({ base }) => join(base, 'outside/new')],
  ['a directory that begins like the root', ({ root }) => `${root}-other/canary`],
  ['an absolute path through the root', ({ root }) => `${root}/../outside/new`],
  ['a system directory', '/etc/kheish-escaped'],
  ['the process', '/proc/self/cwd/kheish-escaped'],
  ['the root of the process', ({ base }) => `/proc/self/root${base}/outside/canary`],
  ['a device', '/dev/null'],
  ['shared memory', '/dev/shm/kheish-escaped'],
  ['a link to a file outside', 'link', linked('../outside/canary')],
  ['a link to a missing file outside', 'link', linked('../outside/new')],
  ['an absolute link outside', 'link', linked(({ base }) => join(base, 'outside/canary'))],
  ['an absolute dangling link', 'link', linked(({ base }) => join(base, 'outside/new'))],
  ['below a link to a directory outside', 'link/canary', linked('../outside')],
  ['new below a link to a directory outside', 'link/new', linked('../outside')],
  ['deep and new below a link outside', 'link/a/b/new', linked('../outside')],
  ['below a link to a missing directory outside', 'link/new', linked('../missing')],
  ['a step up from a link within', 'link/../../outside/new', linked('src')],
  [
    'a link to a link outside',
    'two',
    (workspace) => {
      linked('../outside/canary')(workspace);
      linked('link', 'two')(workspace);
    },
  ],
  ['a link deep inside that leads out', 'src/link', linked('../../outside/new', 'src/link')],
  ['a link that leaves and comes back', 'link', linked('../work/../outside/new')],
  ['a link to the directory above', 'link/outside/canary', linked('..')],
  ['a link to the root of all', 'link/etc/kheish-escaped', linked('/')],
  ['a link into the process', 'link', linked('/proc/self/cwd/kheish-escaped')],
  ['a link to a descriptor', 'link', linked('/proc/self/fd/1')],
  ['a link to a hidden file outside', 'link', linked('../outside/hidden.key')],
  ['a loop of links', 'link', linked('link')],
  ['a hidden file', '.state/kheish.db'],
  ['a new file in a hidden directory', '.state/new'],
  ['a new directory in a hidden one', '.state/a/b/new'],
  ['the hidden directory itself', '.state'],
  ['a hidden file by steps', 'src/../.state/assets/deep/blob'],
  ['a hidden file by its absolute path', ({ root }) => `${root}/.state/kheish.db`],
  ['a hidden file by a link', 'link', linked('.state/kheish.db')],
  ['a new hidden file by a link', 'link', linked('.state/new')],
  ['a hidden directory by a link', 'link/new', linked('.state')],
  ['a hidden file by another name', 'src/name', hardLinked('keys/master.key', 'src/name')],
  ['a deep hidden file by another name', 'name', hardLinked('.state/assets/deep/blob', 'name')],
  ['a single hidden file', 'keys/master.key'],
  ['below a hidden file', 'keys/master.key/new'],
  ['a hidden file that is not there yet', 'later/Späte.key'],
  ['the same in another case', 'LATER/SPÄTE.KEY'],
  ['the same decomposed', 'later/Spa\u0308te.key'],
  ['the same in compatible letters', 'later/Späte.ｋey'],
  ['the same with dots and spaces at the end', 'later /Späte.key. .'],
  ['the same with what is not seen', 'later/Spä\u200dte.key'],
  ['the same with a letter that folds', 'later/Späte.\u212aey'],
  ['below the same', 'later/späte.key/new'],
  ['a name with a NUL', 'src/new\0'],
  ['a NUL before steps up', 'new\0/../../outside/canary'],
  ['a name after a NUL that is not there yet', 'missing/a\0b'],
];

function calls(path: string): [tool: string, input: object][] {
  return [
    ['write_file', { path, content: 'written' }],
    ['edit_file', { path, old_text: 'canary', new_text: 'edited' }],
    ...[
      `*** Add File: ${path}\n+written`,
      `*** Update File: ${path}\n@@\n-the canary\n+edited`,
      `*** Delete File: ${path}`,
      `*** Update File: ${path}\n*** Move to: src/moved`,
      `*** Update File: src/main.ts\n*** Move to: ${path}`,
      // Nothing of a patch is done when one of its paths is refused.
      `*** Add File: fine\n+written\n*** Add File: ${path}\n+written`,
    ].map((body): [string, object] => {
      return ['apply_patch', { patch: `*** Begin Patch\n${body}\n*** End Patch` }];
    }),
  ];
}

describe('no call writes outside or to what is hidden', () => {
  test('the list is long enough', () => expect(escapes.length).toBeGreaterThan(60));

  test.each(escapes)('%s [holds tools.edits_stay_inside]', async (_, path, prepare) => {
    await using workspace = await besides();
    prepare?.(workspace);
    const asked = typeof path === 'string' ? path : path(workspace);
    const before = snapshot(workspace.base);
    for (const [tool, input] of calls(asked)) {
      const answer = await workspace.problem(tool, input);
      expect.soft(answer).toMatch(/^tools\/(path_not_allowed|not_found|unwritable|unreadable): /);
      expect.soft(answer).not.toContain('canary\n');
      expect(snapshot(workspace.base)).toEqual(before);
    }
    const strangers = ['/etc', '/tmp', '/dev/shm'].flatMap((place) => readdirSync(place));
    expect(strangers).not.toContain('kheish-escaped');
  });

  test('what is hidden is bound like what is not there', async () => {
    await using workspace = await besides();
    const editing = workspace.tools().filter(({ effect }) => effect === 'once');
    expect(editing.length).toBeGreaterThan(1);
    for (const tool of editing) {
      const call = calls('keys/master.key').find(([name]) => name === tool.name);
      if (call === undefined) throw new Error(`no call of ${tool.name}`);
      await expect(workspace.bind(tool.name, call[1])).rejects.toMatchObject({
        message: 'no such file or directory: keys/master.key',
      });
    }
  });

  test('a name that only begins like a hidden one is free', async () => {
    await using workspace = await besides();
    for (const path of ['.state-of-the-art', 'keys/master.key2', 'later/other.key']) {
      expect(await workspace.problem('write_file', { path, content: 'x' })).toContain('Created');
    }
  });
});
