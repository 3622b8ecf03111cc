import { lstatSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Every name below a directory with what it is: kind, permissions, number of names, and content or target. */
export function snapshot(directory: string, except: readonly string[] = []): string[] {
  return readdirSync(directory)
    .toSorted()
    .flatMap((name) => {
      const path = join(directory, name);
      if (except.includes(path)) return [];
      const stats = lstatSync(path);
      const entry = `${path} ${stats.mode.toString(8)}`;
      if (stats.isDirectory()) return [entry, ...snapshot(path, except)];
      if (stats.isSymbolicLink()) return [`${entry} -> ${readlinkSync(path)}`];
      return [`${entry} ${stats.nlink} ${stats.isFile() ? readFileSync(path, 'utf8') : ''}`];
    });
}
