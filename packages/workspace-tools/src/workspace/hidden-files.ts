import { type BigIntStats, lstatSync, realpathSync } from 'node:fs';
import { lstat, opendir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';

/** What must not be seen, as it stands during one tool call. */
export interface HiddenFiles {
  /** Whether a path without symbolic links is hidden, or lies in a hidden directory. */
  coversPath(realPath: string): boolean;
  /**
   * The same for a path where nothing is yet, also where a file system takes two spellings for one name. What exists
   * is known by its identity, whatever its spelling.
   */
  coversNewPath(realPath: string): boolean;
  /** Whether the file is hidden under this or any other name. */
  coversFile(stats: BigIntStats): Promise<boolean>;
}

/** `paths` are absolute; a path that does not exist yet is hidden as soon as it does. */
export function hiddenFiles(paths: readonly string[]): HiddenFiles {
  const places = new Set<string>();
  const identities = new Set<string>();
  for (const path of paths) {
    const place = placeOf(path);
    const target = realPathOf(path);
    for (const name of [place, target]) {
      if (name === undefined) continue;
      places.add(name);
      const stats = lstatSync(name, { bigint: true, throwIfNoEntry: false });
      if (stats !== undefined) identities.add(identityOf(stats));
    }
  }
  let linked: Promise<Set<string>> | undefined;
  return {
    coversPath: (realPath) => [...places].some((place) => isWithin(realPath, place)),
    coversNewPath: (realPath) =>
      [...places].some((place) => isWithin(oneSpelling(realPath), oneSpelling(place))),
    coversFile: async (stats) => {
      const identity = identityOf(stats);
      if (identities.has(identity)) return true;
      // A file with one name only is hidden by that name; looking into hidden directories is
      // needed, once a call, only for the rare file that has several.
      if (stats.nlink < 2n || stats.isDirectory()) return false;
      linked ??= linkedFilesIn(places);
      return (await linked).has(identity);
    },
  };
}

/** Without case, Unicode form, and the dots and spaces at the end of a name that some systems drop. */
function oneSpelling(path: string): string {
  return path
    .normalize('NFKD')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/[. ]+(?=\/|$)/g, '');
}

function isWithin(path: string, directory: string): boolean {
  return (
    path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep)
  );
}

export function identityOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}

/** The path with its parents' symbolic links resolved as far as they exist. */
function placeOf(path: string): string {
  const absolute = resolve(path);
  const parent = dirname(absolute);
  if (parent === absolute) return absolute;
  return join(realPathOf(parent) ?? placeOf(parent), basename(absolute));
}

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}

/** Only ever looks at names and attributes: opening and closing a lock file would drop its lock. */
async function linkedFilesIn(places: ReadonlySet<string>): Promise<Set<string>> {
  const found = new Set<string>();
  const pending: string[] = [];
  for (const place of places) {
    const stats = await orUndefined(stat(place));
    if (stats?.isDirectory() === true) pending.push(place);
  }
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const directory = next;
    const files: string[] = [];
    const entries = await orUndefined(opendir(directory, { bufferSize: 256 }));
    if (entries === undefined) continue;
    for await (const entry of entries) {
      (entry.isDirectory() ? pending : files).push(join(directory, entry.name));
    }
    for (let from = 0; from < files.length; from += 64) {
      const batch = files.slice(from, from + 64);
      const all = await Promise.all(
        batch.map((file) => orUndefined(lstat(file, { bigint: true }))),
      );
      for (const stats of all) {
        if (stats !== undefined && stats.nlink > 1n) found.add(identityOf(stats));
      }
    }
  }
  return found;
}

async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch {
    return undefined;
  }
}
