import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { open, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { KheishError } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { snapshot } from '../testing/snapshot.ts';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';
import { toolContext } from '../testing/tool-context.ts';
import { type Pin, pinByDescriptor, pinByIdentity } from '../workspace/pinned-file.ts';
import { Workspace } from '../workspace/workspace.ts';
import { carryOut } from './carry-out.ts';
import type { FileChange } from './file-change.ts';
import { lookAtFiles } from './named-file.ts';

const CANARY = 'the canary\n';

/** A directory and a file to swap, with others of the same names outside and in a hidden directory. */
async function besides(): Promise<{ workspace: TemporaryWorkspace; canaries: () => string[] }> {
  const workspace = await TemporaryWorkspace.create({ 'd/f': 'mine\n', '.state/f': CANARY });
  workspace.hidden = [workspace.at('.state')];
  const outside = join(workspace.base, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'f'), CANARY);
  return {
    workspace,
    canaries: () => [...snapshot(outside), ...snapshot(workspace.at('.state'))],
  };
}

const pins: [string, Pin][] = [['identity', pinByIdentity]];
if (process.platform === 'linux') pins.push(['descriptor', pinByDescriptor]);

describe.each(pins)('pinned by %s', (_, pin) => {
  const moments = [0, 1, 2, 3, 4, 5].flatMap((at): [number, 'before' | 'after'][] => [
    [at, 'before'],
    [at, 'after'],
  ]);

  test.each(moments)('at lookup %d, %s it, a swap leads nowhere else', async (at, when) => {
    for (const target of ['../outside', '.state']) {
      const { workspace, canaries } = await besides();
      await using place = workspace;
      const before = canaries();
      let looks = 0;
      const swap = () => {
        renameSync(place.at('d'), place.at('aside'));
        symlinkSync(target, place.at('d'));
      };
      const swapping: Pin = (path) => {
        const now = looks === at;
        looks += 1;
        if (now && when === 'before') swap();
        const pinned = pin(path);
        if (now && when === 'after') swap();
        return pinned;
      };
      const opened = Workspace.open(place.root, place.hidden, swapping);
      const answer = await changeAll(opened).catch((thrown: unknown) => {
        if (thrown instanceof KheishError) return thrown.code;
        throw thrown;
      });
      expect(answer).toMatch(/^(done|tools\/(not_found|path_not_allowed|file_changed))$/);
      expect(looks).toBeGreaterThan(at);
      expect(canaries()).toEqual(before);
    }
  });
});

/** Replaces one file, makes another in a new directory, and deletes a third. */
async function changeAll(workspace: Workspace): Promise<string> {
  const { signal } = new AbortController();
  const paths = ['d/f', 'd/new/g'];
  const limits = { ofOne: 1000, ofAll: 1000 };
  const files = await lookAtFiles(workspace, paths, limits, signal);
  const changes = files.map((file): FileChange => {
    return { kind: 'write', file, content: Buffer.from('written'), like: file.standing };
  });
  await carryOut(workspace, changes, { bytes: randomBytes }, signal);
  const [file] = await lookAtFiles(workspace, ['d/f'], limits, signal);
  if (file === undefined) throw new Error('one path, one file');
  await carryOut(workspace, [{ kind: 'delete', file }], { bytes: randomBytes }, signal);
  return 'done';
}

/** What another thread does, as fast as it can, until it is told to stop. */
const SWAPPER = `
  const { renameSync, rmSync, symlinkSync, unlinkSync } = require('node:fs');
  const { workerData: { root, flags } } = require('node:worker_threads');
  const at = (name) => root + '/' + name;
  const attempt = (act) => { try { act(); } catch {} };
  while (Atomics.load(flags, 0) === 0) {
    for (const target of ['../outside', '.state']) {
      attempt(() => renameSync(at('d'), at('aside')));
      attempt(() => symlinkSync(target, at('d')));
      attempt(() => unlinkSync(at('d')));
      attempt(() => renameSync(at('aside'), at('d')));
      attempt(() => unlinkSync(at('d/g')));
      attempt(() => symlinkSync('../' + target + '/f', at('d/g')));
      attempt(() => unlinkSync(at('d/g')));
      attempt(() => rmSync(at('d/new'), { recursive: true, force: true }));
      attempt(() => symlinkSync('../' + target, at('d/new')));
      attempt(() => unlinkSync(at('d/new')));
    }
    Atomics.add(flags, 1, 1);
  }
`;

test('directories and files swapped for links all the time lead no write elsewhere [holds tools.edits_stay_inside]', async () => {
  const { workspace, canaries } = await besides();
  await using place = workspace;
  const before = canaries();
  const flags = new Int32Array(new SharedArrayBuffer(8));
  const swapper = new Worker(SWAPPER, { eval: true, workerData: { root: place.root, flags } });
  const answers = { done: 0, refused: 0 };
  try {
    // Enough of both, so that swaps were met at many moments.
    for (let round = 0; answers.done < 150 || answers.refused < 150; round += 1) {
      if (round === 5000) throw new Error(`no race: ${JSON.stringify(answers)}`);
      const calls = [
        place.problem('write_file', { path: 'd/f', content: 'mine\n' }),
        place.problem('write_file', { path: 'd/g', content: 'mine\n' }),
        place.problem('write_file', { path: `d/new/${round % 7}/h`, content: 'mine\n' }),
        place.problem('edit_file', { path: 'd/f', old_text: 'mine', new_text: `mine ${round}` }),
        place.problem('edit_file', { path: 'd/f', old_text: 'canary', new_text: 'edited' }),
        place.problem('apply_patch', {
          patch: '*** Begin Patch\n*** Delete File: d/g\n*** Add File: d/i\n+x\n*** End Patch',
        }),
      ];
      for (const answer of await Promise.all(calls)) {
        answers[answer.startsWith('no problem') ? 'done' : 'refused'] += 1;
        expect(answer).not.toContain('canary');
      }
    }
  } finally {
    Atomics.store(flags, 0, 1);
    await swapper.terminate();
  }
  expect(flags[1]).toBeGreaterThan(10);
  expect(canaries()).toEqual(before);
});

test('calls on one file take turns: no edit is lost', async () => {
  await using place = await TemporaryWorkspace.create({ f: '' });
  const names = Array.from({ length: 40 }, (_, index) => `edit ${index};`);
  await place.write('f', names.join('\n'));
  const [, edit] = place.editing();
  if (edit === undefined) throw new Error('no edit_file');
  const calls = names.map((name) =>
    edit.run(edit.parse({ path: 'f', old_text: name, new_text: `${name} done` }), toolContext()),
  );
  await Promise.all(calls);
  expect(await place.read('f')).toBe(names.map((name) => `${name} done`).join('\n'));
});

test('no call leaves a descriptor open, whether it succeeds or not', async () => {
  await using place = await TemporaryWorkspace.create({ f: 'x', 'd/g': 'x' });
  await symlink('../outside', place.at('link'));
  const next = async () => {
    await using handle = await open(place.at('f'));
    return handle.fd;
  };
  const before = await next();
  for (const path of ['f', 'new/a/b', 'd', 'f/x', 'link', 'd/../../x']) {
    await place.problem('write_file', { path, content: 'y' });
    await place.problem('edit_file', { path, old_text: 'y', new_text: 'z' });
    await place.problem('edit_file', { path, old_text: 'not there', new_text: 'z' });
    const patch = `*** Begin Patch\n*** Add File: some\n+x\n*** Delete File: ${path}\n*** End Patch`;
    await place.problem('apply_patch', { patch });
    await place.bind('write_file', { path, content: 'y' }).catch(() => undefined);
  }
  expect(await next()).toBe(before);
});
