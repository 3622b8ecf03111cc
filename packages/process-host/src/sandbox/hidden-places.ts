import { type Dirent, realpathSync, statSync } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join, sep } from 'node:path';

export interface HiddenPlace {
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly isDirectory: boolean;
}

/** What exists of the hidden paths, once each. */
export function hiddenPlaces(paths: readonly string[]): HiddenPlace[] {
  const found = new Map<string, HiddenPlace>();
  for (const name of paths) {
    try {
      const path = realpathSync.native(name);
      found.set(path, { path, isDirectory: statSync(path).isDirectory() });
    } catch {
      // There is nothing of that name yet.
    }
  }
  return [...found.values()];
}

export function isWithin(path: string, directory: string): boolean {
  return (
    path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep)
  );
}

const BATCH = 64;

/**
 * A hidden file that has another name as well, by which it could be read: covering a path does not cover the file.
 * Only names and attributes are looked at: opening and closing a lock file would drop its lock.
 */
export async function findSecondName(places: readonly HiddenPlace[]): Promise<string | undefined> {
  const pending: string[] = [];
  for (const { path, isDirectory } of places) {
    if (isDirectory) pending.push(path);
    else if (await hasSecondName(path)) return path;
  }
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const files: string[] = [];
    for (const entry of await entriesOf(next)) {
      (entry.isDirectory() ? pending : files).push(join(next, entry.name));
    }
    for (let from = 0; from < files.length; from += BATCH) {
      const batch = files.slice(from, from + BATCH);
      const verdicts = await Promise.all(batch.map(hasSecondName));
      const index = verdicts.indexOf(true);
      if (index >= 0) return batch[index];
    }
  }
  return undefined;
}

async function hasSecondName(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).nlink > 1;
  } catch {
    return false;
  }
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  try {
    for await (const entry of await opendir(directory, { bufferSize: 256 })) entries.push(entry);
  } catch {
    // It has gone meanwhile, or is not ours to read: then it is no command's either.
  }
  return entries;
}
