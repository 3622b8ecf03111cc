import { mkdir, open, rename, symlink, writeFile } from 'node:fs/promises';
import { KheishError } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';
import { type Pin, type PinnedFile, pinByDescriptor, pinByIdentity } from './pinned-file.ts';
import { Workspace } from './workspace.ts';

const pins: [string, Pin][] = [['identity', pinByIdentity]];
if (process.platform === 'linux') pins.push(['descriptor', pinByDescriptor]);

/** A pin before which somebody else acts: between the check of the path and its use. */
function after(act: () => Promise<void>, pin: Pin): Pin {
  let done = false;
  return async (path) => {
    if (!done) {
      done = true;
      await act();
    }
    return pin(path);
  };
}

async function read(workspace: Workspace, path: string): Promise<string> {
  const { pinned } = await workspace.find(path);
  await using file = pinned;
  return await readPinned(file);
}

async function readPinned(file: PinnedFile): Promise<string> {
  await using handle = await file.openForReading();
  return await handle.readFile('utf8');
}

describe.each(pins)('pinned by %s', (_, pin) => {
  test.each([
    ['the file', 'd/f'],
    ['its directory', 'd'],
  ])('%s swapped for a link after the check is refused', async (_what, swapped) => {
    await using place = await TemporaryWorkspace.create({ 'd/f': 'mine', '.state/f': 'secret' });
    const swap = after(async () => {
      await rename(place.at(swapped), place.at('aside'));
      await symlink(place.at(swapped === 'd' ? '.state' : '.state/f'), place.at(swapped));
    }, pin);
    const workspace = await Workspace.open(place.root, [place.at('.state')], swap);
    await expect(read(workspace, 'd/f')).rejects.toMatchObject({ code: 'tools/not_found' });
  });

  test('a file replaced after the check by a better one is read, once it stands still', async () => {
    await using place = await TemporaryWorkspace.create({ f: 'old', next: 'new' });
    const swap = after(() => rename(place.at('next'), place.at('f')), pin);
    expect(await read(await Workspace.open(place.root, [], swap), 'f')).toBe('new');
  });

  test('a swap after pinning changes nothing, or is refused', async () => {
    await using place = await TemporaryWorkspace.create({ f: 'mine', secret: 'secret' });
    await using file = await pin(place.at('f'));
    await rename(place.at('f'), place.at('aside'));
    await rename(place.at('secret'), place.at('f'));
    const outcome = await readPinned(file).catch((thrown: unknown) => {
      return thrown instanceof KheishError ? thrown.code : thrown;
    });
    expect(outcome).toBe(pin === pinByDescriptor ? 'mine' : 'tools/not_found');
  });

  test('refuses a path that goes through a link', async () => {
    await using place = await TemporaryWorkspace.create({ 'd/f': 'x' });
    await symlink('d', place.at('link'));
    for (const path of ['link', 'link/f']) {
      await expect(pin(place.at(path))).rejects.toMatchObject({ code: 'tools/not_found' });
    }
  });

  test('leaves no descriptor open, whether it succeeds or not', async () => {
    await using place = await TemporaryWorkspace.create({ f: 'x' });
    await mkdir(place.at('d'));
    await symlink('f', place.at('link'));
    await writeFile(place.at('g'), 'y');
    const next = async () => {
      await using handle = await open(place.at('g'));
      return handle.fd;
    };
    const before = await next();
    const workspace = await Workspace.open(place.root, [place.at('f')], pin);
    for (const path of ['f', 'd', 'link', 'g']) await read(workspace, path).catch(() => undefined);
    await pin(place.at('link')).catch(() => undefined);
    expect(await next()).toBe(before);
  });
});
