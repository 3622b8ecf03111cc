import { KheishError } from '@kheish/core-model';

/** The one text for everything that is not there and for everything that must seem so. */
export function notFound(path: string): KheishError {
  return new KheishError('tools/not_found', `no such file or directory: ${path}`);
}

export function outsideWorkspace(path: string): KheishError {
  return new KheishError('tools/path_not_allowed', `the path leaves the workspace: ${path}`);
}

export function unreadable(path: string, reason: string): KheishError {
  return new KheishError('tools/unreadable', `${path}: ${reason}`);
}

export function unwritable(path: string, reason: string): KheishError {
  return new KheishError('tools/unwritable', `${path}: ${reason}`);
}

export function fileChanged(path: string, reason: string): KheishError {
  return new KheishError('tools/file_changed', `${path}: ${reason}`);
}

const absent = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']);
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'too many symbolic links',
};

/** A failure of the file system in the words a model can act on; anything else passes unchanged. */
export function fileProblem(path: string, thrown: unknown): unknown {
  const code = errnoOf(thrown);
  if (code === undefined) return thrown;
  if (absent.has(code)) return notFound(path);
  return unreadable(path, reasons[code] ?? `cannot be read (${code})`);
}

const writeReasons: Readonly<Record<string, string>> = {
  ...reasons,
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the system allows',
  EROFS: 'the file system is read-only',
  EIO: 'the disk failed',
  ENAMETOOLONG: 'a name is too long',
  EBUSY: 'is in use by the system',
};

/** The same for what went wrong while a file was written. */
export function writeProblem(path: string, thrown: unknown): unknown {
  const code = errnoOf(thrown);
  if (code === undefined) return thrown;
  const moved = code === 'ENOENT' || code === 'ENOTDIR' || code === 'EEXIST';
  if (moved) return fileChanged(path, 'its directory changed while it was written');
  return unwritable(path, writeReasons[code] ?? `cannot be written (${code})`);
}

function errnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  if (thrown instanceof KheishError || typeof thrown.code !== 'string') return undefined;
  // An aborted operation carries a code too; the abort itself must reach the caller.
  return /^E[A-Z0-9]+$|^ERR_INVALID_ARG_VALUE$/.test(thrown.code) ? thrown.code : undefined;
}
