import type { AuditCheckpoint, Clock } from '@kheish/core-model';
import type { LedgerCheckpoint, LedgerSubtree, Store } from '@kheish/state-store';
import type { SigningKey } from '../keys/signing-key.ts';
import { Frontier } from '../merkle/frontier.ts';
import { toHex } from '../merkle/hashing.ts';
import { verifyNatively } from '../signature/native.ts';
import { KEPT_LEVELS, keptTree } from './kept-tree.ts';
import { readStatement, shownCheckpoint, signCheckpoint } from './statement.ts';

/** Milliseconds between two checkpoints while there is work. */
const PAUSE_MS = 1_000;
/** Entries that are read at once. */
const PAGE = 1_000;

export interface CheckpointerOptions {
  readonly store: Store;
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly log?: { error(facts: object, message: string): void };
}

/**
 * Follows the ledger and signs what it is, about once a second while it grows. It never signs what contradicts a
 * checkpoint that was signed before: then the ledger takes no entry any more, and says why.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #stopping = new AbortController();
  /** The log up to the newest checkpoint; undefined where the two contradict each other. */
  #frontier: Frontier | undefined;
  #last: LedgerCheckpoint | undefined;
  #subtrees: LedgerSubtree[] = [];
  #under: Promise<LedgerCheckpoint | undefined> | undefined;
  #following: Promise<void> | undefined;
  /** It was said already that none can be made. */
  #failing = false;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#last = options.store.ledger.checkpoint();
    this.#frontier = this.#begin();
  }

  /** Signs from now on by itself. */
  follow(): void {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    const loop = async () => {
      while (!signal.aborted) {
        await clock.sleep(PAUSE_MS, signal);
        await this.#attempt();
      }
    };
    // It ends by the signal only.
    this.#following ??= loop().catch(() => undefined);
  }

  /** A checkpoint of the log as it is now: the newest, or a new one. Undefined while there are no entries. */
  async now(): Promise<AuditCheckpoint | undefined> {
    // One that is under way may not cover what was written since it began.
    await this.#under;
    const stored = await this.#make();
    return stored && shownCheckpoint(stored);
  }

  newest(): AuditCheckpoint | undefined {
    return this.#last && shownCheckpoint(this.#last);
  }

  /** Entries that no checkpoint covers yet. */
  uncovered(): number {
    return this.#options.store.ledger.head().size - (this.#last?.treeSize ?? 0);
  }

  /** Signs what is left and stops. */
  async close(): Promise<void> {
    this.#stopping.abort(new Error('closed'));
    await this.#following;
    await this.#attempt();
  }

  async #attempt(): Promise<void> {
    try {
      await this.#under;
      await this.#make();
      this.#failing = false;
    } catch (error) {
      if (this.#failing) return;
      this.#failing = true;
      this.#options.log?.error({ err: error }, 'no checkpoint of the audit could be made');
    }
  }

  #make(): Promise<LedgerCheckpoint | undefined> {
    this.#under ??= this.#sign().finally(() => {
      this.#under = undefined;
    });
    return this.#under;
  }

  async #sign(): Promise<LedgerCheckpoint | undefined> {
    const { store, key, clock } = this.#options;
    const frontier = this.#frontier;
    if (frontier === undefined) throw store.ledger.failure() ?? new Error('not signed');
    if (store.ledger.head().size < frontier.size) {
      throw this.#refuse(`it has fewer entries than the ${frontier.size} that were signed for`);
    }
    for (;;) {
      const page = store.ledger.entries({ from: frontier.size, limit: PAGE });
      for (const { body } of page) frontier.append(body);
      if (page.length < PAGE) break;
      // A turn for others.
      await clock.sleep(0);
    }
    if (frontier.size === (this.#last?.treeSize ?? 0)) return this.#last;
    const log = { logId: store.root.rootId, size: frontier.size, root: frontier.root() };
    const checkpoint = signCheckpoint(key, log, this.#last, clock.now());
    const subtrees = this.#subtrees.slice();
    await store.commit({
      load: {},
      decide: (state) => state.keepCheckpoint(checkpoint, subtrees),
    });
    this.#subtrees = this.#subtrees.slice(subtrees.length);
    this.#last = checkpoint;
    return checkpoint;
  }

  /** The log up to the newest checkpoint, held against it. */
  #begin(): Frontier | undefined {
    const { store } = this.#options;
    const onSubtree = (level: number, index: number, hash: Uint8Array) => {
      if (KEPT_LEVELS.some((kept) => kept === level)) this.#subtrees.push({ level, index, hash });
    };
    const last = this.#last;
    if (last === undefined) return new Frontier({ onSubtree });
    const statement = readStatement(last.body);
    if (
      statement === undefined ||
      statement.log_id !== store.root.rootId ||
      statement.tree_size !== last.treeSize ||
      !verifyNatively()(statement.key_id, last.body, last.signature)
    ) {
      this.#refuse('its newest checkpoint is not one that was signed for it');
      return undefined;
    }
    const size = statement.tree_size;
    if (store.ledger.head().size < size) {
      this.#refuse(`it has fewer entries than the ${size} that were signed for`);
      return undefined;
    }
    const frontier = new Frontier({ size, peaks: keptTree(store.ledger).peaks(size), onSubtree });
    if (toHex(frontier.root()) === statement.root_hash) return frontier;
    this.#refuse(`its first ${size} entries are not those that were signed for`);
    return undefined;
  }

  #refuse(why: string): Error {
    const reason = `The audit ledger contradicts what was signed: ${why}. Nothing is added to it; "kheish audit verify --offline --state-root DIR" tells more, and a backup has what was.`;
    const { store, log } = this.#options;
    store.ledger.suspend(reason);
    log?.error({}, reason);
    return new Error(reason);
  }
}
