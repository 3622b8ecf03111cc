import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { KheishError } from '@kheish/core-model';
import { keyFileText, parseSeed } from './signing-key.ts';

/** The key of a root that is given none. */
export const KEY_FILE = 'audit-signing.key';

export function keyFileOf(stateRoot: string): string {
  return join(resolve(stateRoot), KEY_FILE);
}

/** The 32 bytes in a file; undefined where there is none. Throws `audit/key_invalid`. */
export function readKeyFile(path: string): Uint8Array | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(path, 'read', thrown);
  }
  return parseSeed(bytes, path);
}

/**
 * Puts a key into a file that is not there yet, for its owner's eyes only; it is on disk, whole, when this returns. Until
 * the last step it has another name: a kill leaves no half key under this one. Throws `audit/key_conflict` where
 * there is a file, `audit/key_invalid` where none can be made.
 */
export function createKeyFile(path: string, seed: Uint8Array): void {
  if (existsSync(path)) throw new KheishError('audit/key_conflict', `${path} exists already.`);
  writeKeyFile(path, seed);
}

/** The same in the place of what is there. */
export function writeKeyFile(path: string, seed: Uint8Array): void {
  const draft = join(dirname(path), `.${basename(path)}.new`);
  try {
    rmSync(draft, { force: true });
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeSync(file, keyFileText(seed));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
    syncDirectoryOf(path);
  } catch (thrown) {
    throw unusable(path, 'written', thrown);
  }
}

export function removeKeyFile(path: string): void {
  unlinkSync(path);
  syncDirectoryOf(path);
}

/** Whether a file lies in the state root, through links too. */
export function isInside(stateRoot: string, file: string): boolean {
  const root = realpathSync(stateRoot);
  let place = resolve(file);
  try {
    place = existsSync(place)
      ? realpathSync(place)
      : join(realpathSync(dirname(place)), basename(place));
  } catch {
    // What cannot be looked up is compared as it is written.
  }
  return place.startsWith(root + sep);
}

/** Brings what happened to the name of a file to the disk. */
export function syncDirectoryOf(path: string): void {
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function unusable(path: string, how: 'read' | 'written', thrown: unknown): KheishError {
  const code = (thrown as NodeJS.ErrnoException).code ?? 'unknown';
  return new KheishError(
    'audit/key_invalid',
    `The audit signing key ${path} cannot be ${how} (${code}).`,
    { cause: thrown },
  );
}
