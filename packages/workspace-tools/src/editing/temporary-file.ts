import { createHash } from 'node:crypto';
import { constants, unlinkSync } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import type { Digest, RandomSource } from '@kheish/core-model';
import type { PinnedFile } from '../workspace/pinned-file.ts';
import { CHUNK_BYTES } from './named-file.ts';

const NAME = /^\.kheish-edit-(\d+)-[0-9a-f]{16}$/;

/** Names in use by this process, of all its daemons. */
const inUse = new Set<string>();

/** A new file beside the one it is to replace, under a name of its own that is free again when it is disposed of. */
export interface TemporaryFile extends Disposable {
  readonly path: string;
  readonly handle: FileHandle;
}

export async function createTemporaryFile(
  directory: PinnedFile,
  mode: number,
  random: RandomSource,
): Promise<TemporaryFile> {
  await removeLeftBehind(directory);
  const name = `.kheish-edit-${process.pid}-${Buffer.from(random.bytes(8)).toString('hex')}`;
  const path = `${directory.path}/${name}`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  inUse.add(name);
  try {
    const handle = await open(path, flags, mode);
    return {
      path,
      handle,
      [Symbol.dispose]: () => {
        removeIfThere(path);
        inUse.delete(name);
      },
    };
  } catch (thrown) {
    inUse.delete(name);
    throw thrown;
  }
}

/** Writes it all to the disk; gives the digest of the content. */
export async function fill(
  handle: FileHandle,
  content: Buffer,
  signal: AbortSignal,
): Promise<Digest> {
  const hash = createHash('sha256');
  for (let position = 0; position < content.length; position += CHUNK_BYTES) {
    signal.throwIfAborted();
    const chunk = content.subarray(position, position + CHUNK_BYTES);
    await handle.writeFile(chunk);
    hash.update(chunk);
  }
  return `sha256:${hash.digest('hex')}`;
}

/**
 * Removes what a killed process left behind. One that lives in another process namespace seems dead: its rename then
 * fails, and what it was to replace stays whole.
 */
async function removeLeftBehind(directory: PinnedFile): Promise<void> {
  // A directory that may be written to, but not listed, keeps what is left behind.
  const names = await readdir(directory.path).catch(() => []);
  for (const name of names) {
    const writer = Number(NAME.exec(name)?.[1] ?? process.pid);
    const left = writer === process.pid ? NAME.test(name) && !inUse.has(name) : !isAlive(writer);
    if (left) removeIfThere(`${directory.path}/${name}`);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It has become the file that it was made for; or it cannot be removed, and its name says whose it is.
  }
}
