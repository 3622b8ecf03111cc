import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
} from 'node:fs';
import { notFound } from './file-problem.ts';
import { identityOf } from './hidden-files.ts';
import { type OpenFile, openFile } from './open-file.ts';

/** A file or directory held so that a swap of its name, or of a parent's, cannot change it any more. */
export interface PinnedFile extends Disposable {
  readonly stats: BigIntStats;
  /** Leads to it; what is below a directory is reached through this. */
  readonly path: string;
  /** Only for regular files: opening anything else may block or act. */
  openForReading(): OpenFile;
  /** Throws `tools/not_found` when the name has come to mean something else. */
  confirm(): void;
}

export type Pin = (realPath: string) => PinnedFile;

// Linux's O_PATH, which Node does not name: the descriptor names a file without opening it, so
// that no FIFO blocks, no device acts and no lock is dropped by its close.
const O_PATH = 0o10000000;

/** `realPath` must be free of symbolic links; where it is not, the pin is refused. */
export const pinByDescriptor: Pin = (realPath) => {
  const descriptor = openSync(realPath, O_PATH | constants.O_NOFOLLOW);
  const magic = `/proc/self/fd/${descriptor}`;
  try {
    const stats = fstatSync(descriptor, { bigint: true });
    if (stats.isSymbolicLink() || readlinkSync(magic) !== realPath) throw notFound(realPath);
    return {
      stats,
      path: magic,
      openForReading: () => openFile(magic, constants.O_RDONLY | constants.O_NONBLOCK),
      confirm: () => undefined,
      [Symbol.dispose]: () => closeSync(descriptor),
    };
  } catch (thrown) {
    closeSync(descriptor);
    throw thrown;
  }
};

/** For systems without O_PATH: the same file must stand there before and after it is opened. */
export const pinByIdentity: Pin = (realPath) => {
  const stats = lstatSync(realPath, { bigint: true });
  const confirm = (): void => {
    const now = lstatSync(realPath, { bigint: true });
    const moved =
      identityOf(now) !== identityOf(stats) || realpathSync.native(realPath) !== realPath;
    if (moved || now.isSymbolicLink()) throw notFound(realPath);
  };
  confirm();
  return {
    stats,
    path: realPath,
    confirm,
    openForReading: () => {
      const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
      const file = openFile(realPath, flags);
      try {
        const opened = fstatSync(file.descriptor, { bigint: true });
        if (identityOf(opened) !== identityOf(stats)) throw notFound(realPath);
        confirm();
        return file;
      } catch (thrown) {
        file[Symbol.dispose]();
        throw thrown;
      }
    },
    [Symbol.dispose]: () => undefined,
  };
};

export const pinFile: Pin = process.platform === 'linux' ? pinByDescriptor : pinByIdentity;
