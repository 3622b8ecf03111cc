import { type TreeHashing, nativeTree } from './hashing.ts';

/** Gives the hash of a complete subtree: the one of 2^level leaves that is number `index` of its level. */
export type SubtreeHash = (level: number, index: number) => Uint8Array;

/** Size of the left part of a tree of `size` > 1 leaves: the largest power of two below it. */
function leftSize(size: number): number {
  let left = 1;
  while (left * 2 < size) left *= 2;
  return left;
}

/** A log of which complete subtrees can be looked up: roots and proofs at any size (RFC 6962 section 2.1). */
export class LogTree {
  readonly #subtree: SubtreeHash;
  readonly #tree: TreeHashing;

  constructor(subtree: SubtreeHash, tree: TreeHashing = nativeTree) {
    this.#subtree = subtree;
    this.#tree = tree;
  }

  root(size: number): Uint8Array {
    return size === 0 ? this.#tree.empty : this.#range(0, size);
  }

  /** The complete subtrees of the first `size` leaves, from left to right. */
  peaks(size: number): Uint8Array[] {
    const peaks: Uint8Array[] = [];
    let start = 0;
    while (start < size) {
      const count = leftSize(size - start + 1);
      peaks.push(this.#range(start, count));
      start += count;
    }
    return peaks;
  }

  /** PATH(index, D[size]): shows that a leaf is in the log. From the leaf upwards. */
  inclusionPath(index: number, size: number): Uint8Array[] {
    const path: Uint8Array[] = [];
    let start = 0;
    let count = size;
    while (count > 1) {
      const left = leftSize(count);
      if (index < start + left) {
        path.push(this.#range(start + left, count - left));
        count = left;
      } else {
        path.push(this.#range(start, left));
        start += left;
        count -= left;
      }
    }
    return path.toReversed();
  }

  /** PROOF(from, D[to]): shows that the log of `to` leaves begins with that of `from` > 0. */
  consistencyPath(from: number, to: number): Uint8Array[] {
    const path: Uint8Array[] = [];
    let start = 0;
    let count = to;
    let old = from;
    let known = true;
    while (old < count) {
      const left = leftSize(count);
      if (old <= left) {
        path.push(this.#range(start + left, count - left));
        count = left;
      } else {
        path.push(this.#range(start, left));
        start += left;
        count -= left;
        old -= left;
        known = false;
      }
    }
    if (!known) path.push(this.#range(start, count));
    return path.toReversed();
  }

  #range(start: number, count: number): Uint8Array {
    const level = Math.log2(count);
    if (Number.isInteger(level)) return this.#subtree(level, start / count);
    const left = leftSize(count);
    return this.#tree.node(this.#range(start, left), this.#range(start + left, count - left));
  }
}

/** The tree over a few leaves that are all at hand. */
export function smallTree(leaves: readonly Uint8Array[], tree: TreeHashing = nativeTree): LogTree {
  const levels: Uint8Array[][] = [[...leaves]];
  return new LogTree((level, index) => {
    while (levels.length <= level) {
      const below = levels.at(-1) as Uint8Array[];
      levels.push(
        Array.from({ length: Math.floor(below.length / 2) }, (_, at) =>
          tree.node(below[2 * at] as Uint8Array, below[2 * at + 1] as Uint8Array),
        ),
      );
    }
    return levels[level]?.[index] as Uint8Array;
  }, tree);
}
