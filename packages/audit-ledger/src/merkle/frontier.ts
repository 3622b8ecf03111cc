import { type TreeHashing, nativeTree } from './hashing.ts';

/** A subtree with 2^level leaves is complete. */
export type OnSubtree = (level: number, index: number, hash: Uint8Array) => void;

/** The right edge of a growing log: its root at every size, in memory that grows with the logarithm of it. */
export class Frontier {
  readonly #tree: TreeHashing;
  readonly #onSubtree: OnSubtree | undefined;
  /** Complete subtrees from left to right: those of the ones in the size's binary form. */
  readonly #peaks: Uint8Array[];
  #size: number;

  /** `peaks` are the complete subtrees of a log of `size` leaves, from left to right. */
  constructor(
    options: {
      readonly tree?: TreeHashing;
      readonly size?: number;
      readonly peaks?: readonly Uint8Array[];
      readonly onSubtree?: OnSubtree;
    } = {},
  ) {
    this.#tree = options.tree ?? nativeTree;
    this.#size = options.size ?? 0;
    this.#peaks = [...(options.peaks ?? [])];
    this.#onSubtree = options.onSubtree;
  }

  get size(): number {
    return this.#size;
  }

  /** Appends an entry by its body. */
  append(body: string): void {
    this.appendLeaf(this.#tree.leaf(body));
  }

  appendLeaf(leaf: Uint8Array): void {
    let hash = leaf;
    let index = this.#size;
    let level = 0;
    while (index % 2 === 1) {
      hash = this.#tree.node(this.#peaks.pop() as Uint8Array, hash);
      index = (index - 1) / 2;
      level += 1;
      this.#onSubtree?.(level, index, hash);
    }
    this.#peaks.push(hash);
    this.#size += 1;
  }

  root(): Uint8Array {
    let root = this.#peaks.at(-1);
    if (root === undefined) return this.#tree.empty;
    for (let at = this.#peaks.length - 2; at >= 0; at -= 1) {
      root = this.#tree.node(this.#peaks[at] as Uint8Array, root);
    }
    return root;
  }
}
