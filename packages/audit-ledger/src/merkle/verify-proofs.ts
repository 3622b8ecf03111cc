import { type TreeHashing, nativeTree, sameBytes } from './hashing.ts';

/** RFC 9162 section 2.1.3.2: whether the path shows that `leaf` is entry `index` of the log with that size and root. */
export function verifyInclusion(
  proof: {
    readonly leaf: Uint8Array;
    readonly index: number;
    readonly size: number;
    readonly path: readonly Uint8Array[];
    readonly root: Uint8Array;
  },
  tree: TreeHashing = nativeTree,
): boolean {
  const root = rootOfInclusion(proof, tree);
  return root !== undefined && sameBytes(root, proof.root);
}

/** The root that an inclusion path leads to; undefined where its length fits no such place. */
export function rootOfInclusion(
  proof: {
    readonly leaf: Uint8Array;
    readonly index: number;
    readonly size: number;
    readonly path: readonly Uint8Array[];
  },
  tree: TreeHashing = nativeTree,
): Uint8Array | undefined {
  if (proof.index < 0 || proof.index >= proof.size) return undefined;
  let at = proof.index;
  let last = proof.size - 1;
  let hash = proof.leaf;
  for (const sibling of proof.path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      hash = tree.node(sibling, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      hash = tree.node(hash, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 ? hash : undefined;
}

/** RFC 9162 section 2.1.4.2: whether the path shows that the log with `to` begins with the one with `from`. */
export function verifyConsistency(
  proof: {
    readonly from: { readonly size: number; readonly root: Uint8Array };
    readonly to: { readonly size: number; readonly root: Uint8Array };
    readonly path: readonly Uint8Array[];
  },
  tree: TreeHashing = nativeTree,
): boolean {
  const { from, to } = proof;
  if (from.size > to.size) return false;
  if (from.size === to.size) return proof.path.length === 0 && sameBytes(from.root, to.root);
  if (from.size === 0) return proof.path.length === 0 && sameBytes(from.root, tree.empty);
  const path = isPowerOfTwo(from.size) ? [from.root, ...proof.path] : proof.path;
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let at = from.size - 1;
  let last = to.size - 1;
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let older = first;
  let newer = first;
  for (const hash of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      older = tree.node(hash, older);
      newer = tree.node(hash, newer);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      newer = tree.node(newer, hash);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameBytes(older, from.root) && sameBytes(newer, to.root);
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value));
}
