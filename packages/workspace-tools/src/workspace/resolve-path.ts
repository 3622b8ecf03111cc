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

/**
 * The path without symbolic links, walked name by name as the kernel would. A step out of the
 * workspace is refused before anything outside is looked at, so that answers tell nothing about it.
 */
export async function resolvePath(root: Root, hidden: HiddenFiles, path: string): Promise<string> {
  if (hidden.coversPath(root.real)) throw notFound(path);
  const pending = namesWithin(root, path, path);
  let current = root.real;
  let links = 0;
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (current === root.real) throw outsideWorkspace(path);
      current = dirname(current);
      continue;
    }
    const next = join(current, name);
    if (hidden.coversPath(next)) throw notFound(path);
    const { stats, target } = look(next, path);
    if (await hidden.coversFile(stats)) throw notFound(path);
    if (target !== undefined) {
      links += 1;
      if (links > MAX_LINKS) throw unreadable(path, 'too many symbolic links');
      pending.unshift(...namesWithin(root, target, path));
      if (isAbsolute(target)) current = root.real;
      continue;
    }
    if (pending.length > 0 && !stats.isDirectory()) throw notFound(path);
    current = next;
  }
  return current;
}

function look(place: string, path: string) {
  try {
    const stats = lstatSync(place, { bigint: true });
    return { stats, target: stats.isSymbolicLink() ? readlinkSync(place) : undefined };
  } catch (thrown) {
    // It was a link a moment ago, and is none any more.
    if ((thrown as NodeJS.ErrnoException).code === 'EINVAL') throw notFound(path);
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
