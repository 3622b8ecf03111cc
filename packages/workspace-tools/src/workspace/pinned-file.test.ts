import { renameSync, symlinkSync } from 'node:fs';
import { mkdir, open, rename, symlink, writeFile } from 'node:fs/promises';
import { KheishError } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';
import { type Pin, type PinnedFile, pinByDescriptor, pinByIdentity } from './pinned-file.ts';
import { Workspace } from './workspace.ts';

const notFound = expect.objectContaining({ code: 'tools/not_found' });

const pins: [string, Pin][] = [['identity', pinByIdentity]];
if (process.platform === 'linux') pins.push(['descriptor', pinByDescriptor]);

/** A pin before which somebody else acts: between the check of the path and its use. */
function after(act: () => void, pin: Pin): Pin {
  let done = false;
  return (path) => {
    if (!done) {
      done = true;
      act();
    }
    return pin(path);
  };
}

async function read(workspace: Workspace, path: string): Promise<string> {
  const { pinned } = await workspace.find(path);
  using file = pinned;
  return await readPinned(file);
}

async function readPinned(file: PinnedFile): Promise<string> {
  using opened = file.openForReading();
  const buffer = Buffer.alloc(100);
  return buffer.toString('utf8', 0, await opened.read(buffer, buffer.length, 0));
}

describe.each(pins)('pinned by %s', (_, pin) => {
  test.each([
    ['the file', 'd/f'],
    ['its directory', 'd'],
  ])('%s swapped for a link after the check is refused', async (_what, swapped) => {
    await using place = await TemporaryWorkspace.create({ 'd/f': 'mine', '.state/f': 'secret' });
    const swap = after(() => {
      renameSync(place.at(swapped), place.at('aside'));
      symlinkSync(place.at(swapped === 'd' ? '.state' : '.state/f'), place.at(swapped));
    }, pin);
    const workspace = Workspace.open(place.root, [place.at('.state')], swap);
    await expect(read(workspace, 'd/f')).rejects.toMatchObject({ code: 'tools/not_found' });
  });

  test('a file replaced after the check by a better one is read, once it stands still', async () => {
    await using place = await TemporaryWorkspace.create({ f: 'old', next: 'new' });
    const swap = after(() => renameSync(place.at('next'), place.at('f')), pin);
    expect(await read(Workspace.open(place.root, [], swap), 'f')).toBe('new');
  });

  test('a swap after pinning changes nothing, or is refused', async () => {
    await using place = await TemporaryWorkspace.create({ f: 'mine', secret: 'secret' });
    using file = pin(place.at('f'));
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
      expect(() => pin(place.at(path))).toThrow(notFound);
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
    const workspace = Workspace.open(place.root, [place.at('f')], pin);
    for (const path of ['f', 'd', 'link', 'g']) await read(workspace, path).catch(() => undefined);
    expect(() => pin(place.at('link'))).toThrow(notFound);
    expect(await next()).toBe(before);
  });
});
