import { mkdirSync, rmdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { unwritable } from '../workspace/file-problem.ts';
import type { PinnedFile } from '../workspace/pinned-file.ts';
import type { Workspace } from '../workspace/workspace.ts';

/**
 * Pins a directory, after making those that are not there; gives it and the directories above it that got a new entry.
 * Disposing of `undo` closes them all, and first removes what was made here and is empty.
 */
export async function reachDirectory(
  workspace: Workspace,
  place: string,
  undo: AsyncDisposableStack,
): Promise<readonly [PinnedFile, ...PinnedFile[]]> {
  const there = await pinIfThere(workspace, place);
  if (there !== undefined) {
    const pinned = undo.use(there);
    if (!pinned.stats.isDirectory()) throw notDirectory(workspace, place);
    return [pinned];
  }
  const above = await reachDirectory(workspace, dirname(place), undo);
  const path = `${above[0].path}/${basename(place)}`;
  above[0].confirm();
  if (makeIfMissing(path)) undo.defer(() => removeIfEmpty(path));
  const pinned = undo.use(await workspace.pin(place));
  if (!pinned.stats.isDirectory()) throw notDirectory(workspace, place);
  return [pinned, ...above];
}

function notDirectory(workspace: Workspace, place: string) {
  return unwritable(workspace.name(place), 'is not a directory');
}

async function pinIfThere(workspace: Workspace, place: string): Promise<PinnedFile | undefined> {
  try {
    return await workspace.pin(place);
  } catch (thrown) {
    const isMissing = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    // Above the root nothing is ever made.
    if (isMissing && place !== workspace.realRoot) return undefined;
    throw thrown;
  }
}

/** Whether it was made now. */
function makeIfMissing(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw thrown;
  }
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Something has been put into it.
  }
}
