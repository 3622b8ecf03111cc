import type { ProcessEntry } from './process-table.ts';

/** The roots and all below them, among those that live. */
export function descendants(
  all: readonly ProcessEntry[],
  roots: readonly ProcessEntry[],
): ProcessEntry[] {
  const found = new Map(roots.map((entry) => [entry.pid, entry]));
  // A set grows while it is walked: children of children are met in turn.
  for (const { pid } of found.values()) {
    for (const entry of all) if (entry.parent === pid) found.set(entry.pid, entry);
  }
  return [...found.values()];
}
