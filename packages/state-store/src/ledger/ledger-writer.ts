import { type ExternalAction, KheishError } from '@kheish/core-model';
import { LRUCache } from 'lru-cache';
import type { Connection } from '../root/connection.ts';
import { concernsTheGroup } from '../root/storage-error.ts';
import { lastRowOf } from './ledger.ts';
import type {
  LedgerCheckpoint,
  LedgerEntry,
  LedgerRow,
  LedgerSealer,
  LedgerSubtree,
} from './sealed-entry.ts';

/** Milliseconds after which it is worth asking again a store whose ledger takes nothing. */
const RETRY_AFTER_MS = 1_000;

const KEPT_HEADS = 4_096;

interface End {
  readonly size: number;
  readonly recordHash: Uint8Array | undefined;
}

/**
 * Puts external actions on the record within a commit. An entry that the ledger does not take refuses the command that
 * brought it: no entry, no effect.
 */
export class LedgerWriter {
  readonly #statements;
  readonly #sealer: LedgerSealer | undefined;
  /** Where the ledger ended after the last commit of this process; undefined: to be read. */
  #known: End | undefined;
  /** Of the commit under way. */
  #first = 0;
  #entries: LedgerEntry[] = [];
  /** Hashes of the newest entries of chains, also of the commit under way. */
  readonly #heads = new LRUCache<string, Uint8Array>({ max: KEPT_HEADS });
  #suspended: KheishError | undefined;
  #refused: KheishError | undefined;

  constructor(
    connection: Connection,
    sealer: (last: LedgerRow | undefined) => LedgerSealer | undefined,
  ) {
    this.#statements = prepareWrites(connection);
    this.#sealer = sealer(lastRowOf(connection));
  }

  /** Why nothing can be put on the record now, if so. */
  get failure(): KheishError | undefined {
    return this.#suspended ?? this.#refused;
  }

  /** What contradicts the ledger was found: nothing is added to it any more. */
  suspend(reason: string): void {
    this.#suspended = unavailable(reason);
  }

  /** How many entries the commit under way has added. */
  get added(): number {
    return this.#entries.length;
  }

  /** A member of the commit is undone: it has added only so many. */
  undo(added: number): void {
    if (this.#entries.length > added) this.#heads.clear();
    this.#entries.length = added;
  }

  /** Within a member of the commit under way. Throws `audit/ledger_unavailable`. */
  append(actions: readonly ExternalAction[]): void {
    try {
      const sealer = this.#begin();
      for (const action of actions) {
        const chain = chainOf(action);
        const entry = sealer.entry(action, this.#headOf(chain));
        const index = this.#first + this.#entries.length;
        this.#statements.append.run(index, chain, entry.body, entry.recordHash);
        this.#entries.push(entry);
        this.#heads.set(chain, entry.recordHash);
      }
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  keep(checkpoint: LedgerCheckpoint, subtrees: readonly LedgerSubtree[]): void {
    const { treeSize, body, keyId, signature } = checkpoint;
    try {
      this.#statements.keepCheckpoint.run(treeSize, body, keyId, signature);
      for (const { level, index, hash } of subtrees) {
        this.#statements.keepSubtree.run(level, index, hash);
      }
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  /** Signs what the commit under way has added. Throws `audit/ledger_unavailable`. */
  seal(): void {
    if (this.#entries.length === 0) return;
    try {
      const sealer = this.#begin();
      const signature = sealer.sign(this.#first, this.#entries);
      const last = this.#first + this.#entries.length - 1;
      this.#statements.sign.run(sealer.keyId, signature, last);
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  /** The commit is on disk. */
  kept(): void {
    const last = this.#entries.at(-1);
    if (last === undefined) return;
    this.#known = { size: this.#first + this.#entries.length, recordHash: last.recordHash };
    this.#entries = [];
    this.#refused = undefined;
  }

  /** The commit is undone. */
  dropped(): void {
    this.#entries = [];
    this.#heads.clear();
  }

  /** After an error of the disk: what was known of the end may not be there. */
  forget(): void {
    this.dropped();
    this.#known = undefined;
  }

  /** Tries whether an entry could be written now, and leaves nothing. Not within a commit. */
  probe(): KheishError | undefined {
    const { begin, rollback } = this.#statements;
    try {
      begin.run();
      try {
        this.append([probe]);
        this.seal();
        this.#refused = undefined;
      } finally {
        this.dropped();
        rollback.run();
      }
    } catch {
      // Where it is refused the reason is kept; what is wrong with the disk is not the ledger's.
    }
    return this.failure;
  }

  /** Most chains that are asked for have just begun, or were added to a moment ago. */
  #headOf(chain: string): Uint8Array | undefined {
    const known = this.#heads.get(chain);
    if (known !== undefined || this.#statements.someOfChain.get(chain) === undefined) return known;
    return this.#statements.lastOfChain.get(chain)?.recordHash;
  }

  #begin(): LedgerSealer {
    if (this.#suspended !== undefined) throw this.#suspended;
    if (this.#sealer === undefined) {
      throw unavailable('This opening of the state root has no key to sign the ledger with.');
    }
    if (this.#entries.length === 0) this.#first = this.#checkEnd().size;
    return this.#sealer;
  }

  /** Whoever holds the root is the only one who adds: an end that is another than the last one left was not left by it. */
  #checkEnd(): End {
    const row = this.#statements.last.get();
    const end: End = { size: (row?.index ?? -1) + 1, recordHash: row?.recordHash };
    const known = (this.#known ??= end);
    const same =
      known.size === end.size &&
      Buffer.compare(known.recordHash ?? nothing, end.recordHash ?? nothing) === 0;
    if (same) return end;
    throw unavailable(
      `The ledger ended with ${known.size} entries after the last commit, and has another end now (${end.size}).`,
    );
  }

  #refusal(error: unknown): unknown {
    if (concernsTheGroup(error)) return error;
    const refusal =
      error instanceof KheishError
        ? error
        : unavailable(`The ledger takes no entry: ${(error as Error).message}`, error);
    if (this.#suspended === undefined) this.#refused = refusal;
    return refusal;
  }
}

const nothing = new Uint8Array();

const probe: ExternalAction = {
  action_id: 'probe',
  timestamp_ms: 0,
  phase: 'request',
  kind: 'tool',
  target: 'probe',
};

/** Entries of one chain are linked by their hashes. */
export function chainOf({ run_id: runId, session_id: sessionId }: ExternalAction): string {
  if (runId !== undefined) return runId;
  return sessionId === undefined ? 'unscoped' : `session-${sessionId}`;
}

function unavailable(detail: string, cause?: unknown): KheishError {
  return new KheishError('audit/ledger_unavailable', detail, {
    retryAfterMs: RETRY_AFTER_MS,
    ...(cause !== undefined && { cause }),
  });
}

function prepareWrites({ prepare }: Connection) {
  return {
    begin: prepare<[]>('BEGIN IMMEDIATE'),
    rollback: prepare<[]>('ROLLBACK'),
    last: prepare<[], { index: number; recordHash: Uint8Array }>(
      'SELECT idx "index", record_hash recordHash FROM ledger_entries WHERE idx >= 0 ORDER BY idx DESC LIMIT 1',
    ),
    someOfChain: prepare<[string], object>('SELECT 1 FROM ledger_entries WHERE chain = ? LIMIT 1'),
    lastOfChain: prepare<[string], { recordHash: Uint8Array }>(
      `SELECT record_hash recordHash FROM ledger_entries WHERE chain = ?
       ORDER BY idx DESC LIMIT 1`,
    ),
    append: prepare<[number, string, string, Uint8Array]>(
      'INSERT INTO ledger_entries (idx, chain, body, record_hash) VALUES (?, ?, ?, ?)',
    ),
    sign: prepare<[string, Uint8Array, number]>(
      'UPDATE ledger_entries SET key_id = ?, signature = ? WHERE idx = ?',
    ),
    keepCheckpoint: prepare<[number, string, string, Uint8Array]>(
      'INSERT INTO ledger_checkpoints (tree_size, body, key_id, signature) VALUES (?, ?, ?, ?)',
    ),
    keepSubtree: prepare<[number, number, Uint8Array]>(
      'INSERT INTO ledger_subtrees (level, idx, hash) VALUES (?, ?, ?)',
    ),
  };
}
