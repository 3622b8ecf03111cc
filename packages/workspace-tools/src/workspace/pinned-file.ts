import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { notFound } from './file-problem.ts';
import { identityOf } from './hidden-files.ts';

/** A file or directory held so that a swap of its name, or of a parent's, cannot change it any more. */
export interface PinnedFile extends AsyncDisposable {
  readonly stats: BigIntStats;
  /** Where a directory can be listed. */
  readonly listPath: string;
  /** Only for regular files: opening anything else may block or act. */
  openForReading(): Promise<FileHandle>;
  /** Rejects with `tools/not_found` when the name has come to mean something else. */
  confirm(): Promise<void>;
}

export type Pin = (realPath: string) => Promise<PinnedFile>;

// Linux's O_PATH, which Node does not name: the descriptor names a file without opening it, so
// that no FIFO blocks, no device acts and no lock is dropped by its close.
const O_PATH = 0o10000000;

/** `realPath` must be free of symbolic links; where it is not, the pin is refused. */
export const pinByDescriptor: Pin = async (realPath) => {
  const handle = await open(realPath, O_PATH | constants.O_NOFOLLOW);
  const magic = `/proc/self/fd/${handle.fd}`;
  try {
    const stats = await handle.stat({ bigint: true });
    if (stats.isSymbolicLink() || (await readlink(magic)) !== realPath) throw notFound(realPath);
    return {
      stats,
      listPath: magic,
      openForReading: () => open(magic, constants.O_RDONLY | constants.O_NONBLOCK),
      confirm: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
};

/** For systems without O_PATH: the same file must stand there before and after it is opened. */
export const pinByIdentity: Pin = async (realPath) => {
  const stats = await lstat(realPath, { bigint: true });
  const confirm = async (): Promise<void> => {
    const now = await lstat(realPath, { bigint: true });
    const moved = identityOf(now) !== identityOf(stats) || (await realpath(realPath)) !== realPath;
    if (moved || now.isSymbolicLink()) throw notFound(realPath);
  };
  await confirm();
  return {
    stats,
    listPath: realPath,
    confirm,
    openForReading: async () => {
      const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
      const handle = await open(realPath, flags);
      try {
        const opened = await handle.stat({ bigint: true });
        if (identityOf(opened) !== identityOf(stats)) throw notFound(realPath);
        await confirm();
        return handle;
      } catch (thrown) {
        await handle.close();
        throw thrown;
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
};
