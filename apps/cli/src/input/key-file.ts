import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../failure.ts';

/** Has the file on the disk before anything depends on it. */
export function settleKeyFile(path: string): void {
  sync(path);
  sync(dirname(path));
}

/** Refuses beforehand what could only fail when the old key opens nothing any more. */
export function requireInstallable(newFile: string, place: string): void {
  if (!existsSync(place)) throw new UsageError(`--install-as: there is no file ${place}`);
  const opened = statSync(newFile).mode & ~statSync(place).mode & 0o077;
  if (opened !== 0) {
    throw new UsageError(
      `--install-as: more users can read ${newFile} than ${place}; close it (chmod 600 ${newFile})`,
    );
  }
  if (statSync(newFile).dev !== statSync(dirname(place)).dev) {
    throw new UsageError('--install-as: both files must be on one file system');
  }
}

/** Puts the new file in the place of the old one at one go; the old one stays beside it. */
export function installKeyFile(newFile: string, place: string, oldKeyId: string): void {
  const kept = `${place}.${oldKeyId}`;
  if (!existsSync(kept)) linkSync(place, kept);
  renameSync(newFile, place);
  sync(dirname(place));
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
