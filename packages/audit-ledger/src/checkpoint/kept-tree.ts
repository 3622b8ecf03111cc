import type { Ledger } from '@kheish/state-store';
import { nativeTree } from '../merkle/hashing.ts';
import { LogTree } from '../merkle/tree.ts';
import { damaged } from '../seal/damaged.ts';

/** Levels of which complete subtrees are kept: of 256, 65,536 and 16,777,216 entries. */
export const KEPT_LEVELS = [8, 16, 24] as const;

/** What of the ledger is read; a `Ledger` is one. */
export type LedgerReads = Pick<
  Ledger,
  'head' | 'entries' | 'entriesOf' | 'group' | 'checkpoint' | 'checkpoints' | 'subtrees'
>;

/** The Merkle tree of a stored log, by the subtrees that are kept: a proof reads a few hundred hashes at most. */
export function keptTree(ledger: Pick<LedgerReads, 'entries' | 'subtrees'>): LogTree {
  /** Complete subtrees of a kept level, or leaves, in order; what is not kept yet is made of the level below. */
  function nodes(level: number, from: number, count: number): Uint8Array[] {
    if (level === 0) {
      return ledger.entries({ from, limit: count }).map(({ body }) => nativeTree.leaf(body));
    }
    const kept = ledger
      .subtrees(level, { from, limit: count })
      .filter(({ index }, at) => index === from + at)
      .map(({ hash }) => hash);
    while (kept.length < count) kept.push(computed(level, from + kept.length));
    return kept;
  }

  function computed(level: number, index: number): Uint8Array {
    const base = KEPT_LEVELS.findLast((one) => one < level) ?? 0;
    const width = 2 ** (level - base);
    let hashes = nodes(base, index * width, width);
    if (hashes.length < width) throw damaged('entries below its own size are missing');
    while (hashes.length > 1) {
      hashes = Array.from({ length: hashes.length / 2 }, (_, at) =>
        nativeTree.node(hashes[2 * at] as Uint8Array, hashes[2 * at + 1] as Uint8Array),
      );
    }
    return hashes[0] as Uint8Array;
  }

  return new LogTree((level, index) => {
    const isKept = level === 0 || KEPT_LEVELS.some((one) => one === level);
    return isKept ? (nodes(level, index, 1)[0] ?? computed(level, index)) : computed(level, index);
  });
}
