import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { KheishError } from '@kheish/core-model';
import { fileProblem } from './file-problem.ts';
import type { PinnedFile } from './pinned-file.ts';
import { type Workspace, isNotFound } from './workspace.ts';

const SKIPPED = new Set(['.git', 'node_modules']);

export interface WalkLimits {
  readonly maxEntries: number;
  readonly maxDepth: number;
}

/** What a walk left out; filled while it goes. */
export interface WalkGaps {
  entries: boolean;
  depth: boolean;
  unreadable: number;
}

export function noGaps(): WalkGaps {
  return { entries: false, depth: false, unreadable: 0 };
}

/**
 * The regular files below a directory, depth first in the order of their names. Symbolic links are
 * not followed: what they lead to inside the workspace has a place of its own.
 */
export async function* walk(
  workspace: Workspace,
  start: string,
  limits: WalkLimits,
  gaps: WalkGaps,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const pending = [{ place: start, depth: 1 }];
  let left = limits.maxEntries;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    signal.throwIfAborted();
    const { place, depth } = next;
    const listing = await readListing(workspace, place, left, signal);
    if (listing === 'gone') continue;
    if (listing === 'unreadable') {
      gaps.unreadable += 1;
      continue;
    }
    left -= listing.entries.length;
    if (listing.cut) gaps.entries = true;
    // Nothing is left to spend: the directories not yet seen stay unseen, and that is said.
    if (left <= 0 && pending.length > 0) {
      gaps.entries = true;
      pending.length = 0;
    }
    const below: typeof pending = [];
    for (const entry of listing.entries) {
      if (entry.isFile()) yield join(place, entry.name);
      if (!entry.isDirectory() || SKIPPED.has(entry.name)) continue;
      if (depth < limits.maxDepth) below.push({ place: join(place, entry.name), depth: depth + 1 });
      else gaps.depth = true;
    }
    pending.push(...below.toReversed());
  }
}

async function readListing(
  workspace: Workspace,
  place: string,
  max: number,
  signal: AbortSignal,
): Promise<Listing | 'gone' | 'unreadable'> {
  try {
    using pinned = await workspace.pin(place);
    return await listDirectory(pinned, max, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (isNotFound(thrown)) return 'gone';
    if (fileProblem(place, thrown) instanceof KheishError) return 'unreadable';
    throw thrown;
  }
}

export interface Listing {
  readonly entries: Dirent[];
  /** Whether the directory holds more than was read. */
  readonly cut: boolean;
}

/** At most `max` entries of a pinned directory, sorted by name. */
export async function listDirectory(
  pinned: PinnedFile,
  max: number,
  signal: AbortSignal,
): Promise<Listing> {
  const entries: Dirent[] = [];
  let cut = false;
  for await (const entry of await opendir(pinned.path, { bufferSize: 256 })) {
    signal.throwIfAborted();
    if (entries.length >= max) {
      cut = true;
      break;
    }
    entries.push(entry);
  }
  pinned.confirm();
  entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  return { entries, cut };
}
