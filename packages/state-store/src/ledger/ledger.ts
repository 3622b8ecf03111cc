import type { KheishError } from '@kheish/core-model';
import type { Connection } from '../root/connection.ts';
import type { LedgerWriter } from './ledger-writer.ts';
import type { LedgerCheckpoint, LedgerRow, LedgerSubtree } from './sealed-entry.ts';

/** SQLite's word for no limit. */
const ALL = -1;

type StoredRow = Omit<LedgerRow, 'keyId' | 'signature'> & {
  readonly keyId: string | null;
  readonly signature: Uint8Array | null;
};

/** The record of external actions, outside a commit. */
export class Ledger {
  readonly #statements;
  readonly #writer: LedgerWriter;

  constructor(connection: Connection, writer: LedgerWriter) {
    this.#statements = prepareReads(connection);
    this.#writer = writer;
  }

  /** Why nothing can be put on it now, if so: looked up anew, so that it ends by itself. */
  failure(): KheishError | undefined {
    return this.#writer.probe();
  }

  /** What contradicts it was found: nothing is added to it any more, and so no external action begins. */
  suspend(reason: string): void {
    this.#writer.suspend(reason);
  }

  /** How many entries there are, and the hash of the newest. */
  head(): { readonly size: number; readonly recordHash?: Uint8Array } {
    const last = this.#statements.last.get();
    return last === undefined ? { size: 0 } : { size: last.index + 1, recordHash: last.recordHash };
  }

  /** From a place in the log on, in order. */
  entries(options: { from: number; limit: number }): LedgerRow[] {
    return this.#statements.entries.all(options.from, options.limit).map(rowOf);
  }

  /** Of one chain, in order: all, or a page; `after` is the place in the log of the last one seen. */
  entriesOf(chain: string, options: { after?: number; limit?: number } = {}): LedgerRow[] {
    const { after = -1, limit = ALL } = options;
    return this.#statements.entriesOf.all(chain, after, limit).map(rowOf);
  }

  /** The entry at a place and all that share its signature, in order. */
  group(index: number): LedgerRow[] {
    const from = this.#statements.groupStart.get(index)?.index ?? 0;
    const to = this.#statements.groupEnd.get(index)?.index;
    return to === undefined ? [] : this.entries({ from, limit: to - from + 1 });
  }

  /** The newest, or the one of a size. */
  checkpoint(treeSize?: number): LedgerCheckpoint | undefined {
    const { newestCheckpoint, checkpoint } = this.#statements;
    return treeSize === undefined ? newestCheckpoint.get() : checkpoint.get(treeSize);
  }

  /** By size; `after` is that of the last one seen. */
  checkpoints(options: { after?: number; limit: number }): LedgerCheckpoint[] {
    return this.#statements.checkpoints.all(options.after ?? -1, options.limit);
  }

  subtrees(level: number, options: { from: number; limit: number }): LedgerSubtree[] {
    return this.#statements.subtrees.all(level, options.from, options.limit);
  }
}

/** The newest entry. */
export function lastRowOf({ prepareRead }: Connection): LedgerRow | undefined {
  const row = prepareRead<[], StoredRow>(
    `SELECT ${columns} FROM ledger_entries WHERE idx >= 0 ORDER BY idx DESC LIMIT 1`,
  ).get();
  return row && rowOf(row);
}

function rowOf({ keyId, signature, ...row }: StoredRow): LedgerRow {
  return { ...row, ...(keyId !== null && { keyId }), ...(signature !== null && { signature }) };
}

const columns = `idx "index", chain, body, record_hash recordHash, key_id keyId, signature`;
const checkpointColumns = 'tree_size treeSize, body, key_id keyId, signature';

function prepareReads({ prepareRead: prepare }: Connection) {
  return {
    last: prepare<[], { index: number; recordHash: Uint8Array }>(
      'SELECT idx "index", record_hash recordHash FROM ledger_entries WHERE idx >= 0 ORDER BY idx DESC LIMIT 1',
    ),
    entries: prepare<[number, number], StoredRow>(
      `SELECT ${columns} FROM ledger_entries WHERE idx >= ? ORDER BY idx LIMIT ?`,
    ),
    entriesOf: prepare<[string, number, number], StoredRow>(
      `SELECT ${columns} FROM ledger_entries WHERE chain = ? AND idx > ? ORDER BY idx LIMIT ?`,
    ),
    groupStart: prepare<[number], { index: number }>(
      `SELECT idx + 1 "index" FROM ledger_entries
       WHERE idx < ? AND signature IS NOT NULL ORDER BY idx DESC LIMIT 1`,
    ),
    groupEnd: prepare<[number], { index: number }>(
      `SELECT idx "index" FROM ledger_entries
       WHERE idx >= ? AND signature IS NOT NULL ORDER BY idx LIMIT 1`,
    ),
    newestCheckpoint: prepare<[], LedgerCheckpoint>(
      `SELECT ${checkpointColumns} FROM ledger_checkpoints WHERE tree_size >= 0
       ORDER BY tree_size DESC LIMIT 1`,
    ),
    checkpoint: prepare<[number], LedgerCheckpoint>(
      `SELECT ${checkpointColumns} FROM ledger_checkpoints WHERE tree_size = ?`,
    ),
    checkpoints: prepare<[number, number], LedgerCheckpoint>(
      `SELECT ${checkpointColumns} FROM ledger_checkpoints WHERE tree_size > ?
       ORDER BY tree_size LIMIT ?`,
    ),
    subtrees: prepare<[number, number, number], LedgerSubtree>(
      `SELECT level, idx "index", hash FROM ledger_subtrees WHERE level = ? AND idx >= ?
       ORDER BY idx LIMIT ?`,
    ),
  };
}
