import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileProblem, notFound, outsideWorkspace, unreadable } from './file-problem.ts';
import type { HiddenFiles } from './hidden-files.ts';

const MAX_LINKS = 40;

export interface Root {
  /** As the operator wrote it, made absolute. */
  readonly configured: string;
  /** The same place without symbolic links. */
  readonly real: string;
}

export interface ResolvedPath {
  /** As far as it exists, without symbolic links. */
  readonly place: string;
  /** The names after it that are not there. */
  readonly missing: readonly string[];
  /** Whether the last name is a symbolic link, which was followed. */
  readonly isLink: boolean;
}

/**
 * Walks the path name by name as the kernel would. A step out of the workspace is refused before anything outside is
 * looked at, so that answers tell nothing about it.
 */
export async function resolvePath(
  root: Root,
  hidden: HiddenFiles,
  path: string,
): Promise<ResolvedPath> {
  if (hidden.coversPath(root.real)) throw notFound(path);
  const pending = namesWithin(root, path, path);
  let current = root.real;
  let links = 0;
  let isLink = false;
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (current === root.real) throw outsideWorkspace(path);
      current = dirname(current);
      continue;
    }
    const next = join(current, name);
    if (hidden.coversPath(next)) throw notFound(path);
    const found = look(next, path);
    if (found === undefined) {
      const missing = missingNames(hidden, current, [name, ...pending], path);
      return { place: current, missing, isLink };
    }
    const { stats, target } = found;
    if (await hidden.coversFile(stats)) throw notFound(path);
    if (target !== undefined) {
      links += 1;
      if (links > MAX_LINKS) throw unreadable(path, 'too many symbolic links');
      isLink ||= pending.length === 0;
      pending.unshift(...namesWithin(root, target, path));
      if (isAbsolute(target)) current = root.real;
      continue;
    }
    if (pending.length > 0 && !stats.isDirectory()) throw notFound(path);
    current = next;
  }
  return { place: current, missing: [], isLink };
}

/** Names that could be made in this order. To the kernel there is nothing above a directory that is not there. */
function missingNames(
  hidden: HiddenFiles,
  current: string,
  pending: readonly string[],
  path: string,
): string[] {
  const names = pending.filter((name) => name !== '' && name !== '.');
  let place = current;
  for (const name of names) {
    place = join(place, name);
    if (name === '..' || name.includes('\0') || hidden.coversNewPath(place)) throw notFound(path);
  }
  if (names.at(-1) !== pending.at(-1)) throw notFound(path);
  return names;
}

function look(place: string, path: string) {
  try {
    const stats = lstatSync(place, { bigint: true });
    return { stats, target: stats.isSymbolicLink() ? readlinkSync(place) : undefined };
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return undefined;
    // It was a link a moment ago, and is none any more.
    if (code === 'EINVAL') throw notFound(path);
    throw fileProblem(path, thrown);
  }
}

/** The names to follow from the root (absolute) or from where one stands (relative). */
function namesWithin(root: Root, target: string, asked: string): string[] {
  if (!isAbsolute(target)) return target.split(sep);
  for (const base of [root.configured, root.real]) {
    const within = relative(base, resolve(target));
    if (within !== '..' && !within.startsWith(`..${sep}`)) return within.split(sep);
  }
  throw outsideWorkspace(asked);
}
