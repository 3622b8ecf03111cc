import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';

const CHUNK_BYTES = 1_048_576;
/** What is written is brought to the disk in portions: a commit that syncs meanwhile waits for one at most. */
const SYNC_BYTES = CHUNK_BYTES;

export interface FileFacts {
  readonly bytes: number;
  readonly digest: `sha256:${string}`;
}

/** Copies an open file from where it stands into a new one, which is on disk when this returns. */
export function copyDurably(from: number, to: string): FileFacts {
  const target = openSync(to, 'wx', 0o600);
  try {
    let unsynced = 0;
    const facts = readThrough(from, (chunk) => {
      for (let done = 0; done < chunk.length; done += writeSync(target, chunk, done));
      unsynced += chunk.length;
      if (unsynced < SYNC_BYTES) return;
      fdatasyncSync(target);
      unsynced = 0;
    });
    fsyncSync(target);
    return facts;
  } finally {
    closeSync(target);
  }
}

/** Opens a file to read it. Throws where something else is there: a link, or a pipe for whose writer one would wait. */
export function openFile(path: string): number {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw new Error(`${path} is no file`);
}

export function factsOfFile(path: string): FileFacts {
  const file = openFile(path);
  try {
    return readThrough(file, () => undefined);
  } finally {
    closeSync(file);
  }
}

function readThrough(file: number, each: (chunk: Buffer) => void): FileFacts {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let bytes = 0;
  for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
    const chunk = buffer.subarray(0, read);
    hash.update(chunk);
    each(chunk);
    bytes += read;
  }
  return { bytes, digest: `sha256:${hash.digest('hex')}` };
}

/** Brings what was renamed, made or removed in a directory to the disk. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
