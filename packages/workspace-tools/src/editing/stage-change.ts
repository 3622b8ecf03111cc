import { type BigIntStats, accessSync, constants, lstatSync } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Digest, RandomSource } from '@kheish/core-model';
import { fileChanged, unwritable } from '../workspace/file-problem.ts';
import type { PinnedFile } from '../workspace/pinned-file.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { FileChange } from './file-change.ts';
import { reachDirectory } from './make-directories.ts';
import type { NamedFile, Standing } from './named-file.ts';
import { createTemporaryFile, fill } from './temporary-file.ts';

const NEW_FILE_MODE = 0o666;
const PERMISSIONS = 0o777n;

/** A change of which all that may fail for want of room or permission is done, and nothing shows yet. */
export interface StagedChange {
  /** Makes it, in one step. */
  commit(): Promise<void>;
  /** What it leaves in place; absent for a deletion. */
  readonly digest?: Digest;
}

/** Disposing of `undo` takes back what is not committed. */
export async function stageChange(
  workspace: Workspace,
  change: FileChange,
  undo: AsyncDisposableStack,
  random: RandomSource,
  signal: AbortSignal,
): Promise<StagedChange> {
  const { file } = change;
  const directories = await reachDirectory(workspace, dirname(file.place), undo);
  const [directory] = directories;
  const target = `${directory.path}/${basename(file.place)}`;
  if (change.kind === 'delete') {
    accessSync(directory.path, constants.W_OK | constants.X_OK);
    return {
      commit: async () => {
        confirmUnchanged(directory, target, file);
        await unlink(target);
        await syncDirectories(directories, file);
      },
    };
  }
  directory.confirm();
  const mode = change.like === undefined ? NEW_FILE_MODE : 0o600;
  const temporary = undo.use(await createTemporaryFile(directory, mode, random));
  await using handle = temporary.handle;
  const digest = await fill(handle, change.content, signal);
  if (change.like !== undefined) await takeAfter(handle, change.like.stats);
  await handle.sync();
  return {
    digest,
    commit: async () => {
      confirmUnchanged(directory, target, file);
      await rename(temporary.path, target);
      await syncDirectories(directories, file);
    },
  };
}

/** The permissions of another file, and its owner where that is allowed. */
async function takeAfter(handle: FileHandle, stats: BigIntStats): Promise<void> {
  await handle.chown(Number(stats.uid), Number(stats.gid)).catch(() => undefined);
  await handle.chmod(Number(stats.mode & PERMISSIONS));
}

/** Nobody else has written, replaced or made the file since it was looked at. */
function confirmUnchanged(directory: PinnedFile, target: string, file: NamedFile): void {
  directory.confirm();
  const now = lstatSync(target, { bigint: true, throwIfNoEntry: false });
  if (stateOf(now) !== stateOf(file.standing?.stats)) {
    throw fileChanged(file.path, 'was changed by someone else meanwhile; read it again');
  }
}

function stateOf(stats: Standing['stats'] | undefined): string {
  return stats === undefined ? '' : [stats.dev, stats.ino, stats.size, stats.ctimeNs].join(':');
}

async function syncDirectories(directories: readonly PinnedFile[], file: NamedFile): Promise<void> {
  for (const { path } of directories) {
    try {
      await using handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
      await handle.sync();
    } catch (thrown) {
      const code = (thrown as NodeJS.ErrnoException).code;
      // A directory that may not be listed cannot be opened, and some file systems do not sync directories.
      if (code === 'EACCES' || code === 'EINVAL') continue;
      throw unwritable(file.path, `is changed, but the disk did not confirm it (${code})`);
    }
  }
}
