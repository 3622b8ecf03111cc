import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** Where the programs are looked for that confine others: never where those could write. */
const systemPath =
  '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin';

/**
 * The absolute entries of a PATH: what a relative one means changes with the directory. Where there are none, those of
 * the system: an empty PATH is the directory that one stands in.
 */
export function absoluteEntries(path: string): string {
  const absolute = path
    .split(':')
    .filter((entry) => isAbsolute(entry))
    .join(':');
  return absolute === '' ? systemPath : absolute;
}

/** The file of a program of the system; undefined where there is none. */
export function findProgram(name: string): string | undefined {
  return systemPath
    .split(':')
    .map((directory) => join(directory, name))
    .find((file) => isExecutable(file));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
