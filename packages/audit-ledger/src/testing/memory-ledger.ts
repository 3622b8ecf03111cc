import type { ExternalAction } from '@kheish/core-model';
import {
  type LedgerCheckpoint,
  type LedgerRow,
  type LedgerSealer,
  type LedgerSubtree,
  chainOf,
} from '@kheish/state-store';
import { KEPT_LEVELS, type LedgerReads } from '../checkpoint/kept-tree.ts';
import { shownCheckpoint, signCheckpoint } from '../checkpoint/statement.ts';
import { SigningKey } from '../keys/signing-key.ts';
import { Frontier } from '../merkle/frontier.ts';
import { createLedgerSealer } from '../seal/seal.ts';

const LOG_ID = 'root_1';

export function testKey(byte: number): SigningKey {
  return new SigningKey(new Uint8Array(32).fill(byte));
}

/** The action of a number: requests and responses in turn, of a few runs. */
export function testAction(number: number, runs = 3): ExternalAction {
  const pair = Math.floor(number / 2);
  const run = pair % runs;
  const phase = number % 2 === 0 ? 'request' : 'response';
  return {
    action_id: `action_${pair}`,
    timestamp_ms: 1_760_000_000_000 + number,
    session_id: `session ${run}`,
    agent_id: 'agent_1',
    run_id: `run_${run}`,
    principal_id: `session:session ${run}`,
    phase,
    kind: pair % 2 === 0 ? 'model_call' : 'tool',
    target: pair % 2 === 0 ? 'model:main/größe' : 'web_fetch:https://example.org',
    ...(phase === 'request'
      ? { request_digest: `sha256:${'ab'.repeat(32)}` }
      : { response_digest: `sha256:${'cd'.repeat(32)}`, outcome: 'ok' }),
  };
}

/** A log as the store keeps one, in memory. */
export class MemoryLedger implements LedgerReads {
  readonly rows: LedgerRow[] = [];
  readonly kept: LedgerCheckpoint[] = [];
  readonly keptSubtrees: LedgerSubtree[] = [];
  key: SigningKey;
  #sealer: LedgerSealer;
  readonly #last = new Map<string, Uint8Array>();
  #subtrees: LedgerSubtree[] = [];
  readonly #frontier = new Frontier({
    onSubtree: (level, index, hash) => {
      if (KEPT_LEVELS.some((one) => one === level)) this.#subtrees.push({ level, index, hash });
    },
  });

  constructor(key = testKey(1)) {
    this.key = key;
    this.#sealer = createLedgerSealer(LOG_ID, key);
  }

  useKey(key: SigningKey): void {
    this.key = key;
    this.#sealer = createLedgerSealer(LOG_ID, key);
  }

  /** One commit. */
  commit(...actions: readonly ExternalAction[]): void {
    const first = this.rows.length;
    const entries = actions.map((action) => {
      const chain = chainOf(action);
      const entry = this.#sealer.entry(action, this.#last.get(chain));
      this.#last.set(chain, entry.recordHash);
      return { chain, ...entry };
    });
    const signature = this.#sealer.sign(first, entries);
    for (const [at, entry] of entries.entries()) {
      const isLast = at === entries.length - 1;
      const { keyId } = this.key;
      this.rows.push({ index: first + at, ...entry, ...(isLast && { keyId, signature }) });
      this.#frontier.append(entry.body);
    }
  }

  /** `count` entries in commits of 1, 2, 3, 1, 2, 3 ... */
  grow(count: number, runs?: number): this {
    for (let size = 1; this.rows.length < count; size = (size % 3) + 1) {
      const from = this.rows.length;
      const group = Math.min(size, count - from);
      this.commit(...Array.from({ length: group }, (_, at) => testAction(from + at, runs)));
    }
    return this;
  }

  sign() {
    const log = { logId: LOG_ID, size: this.rows.length, root: this.#frontier.root() };
    const checkpoint = signCheckpoint(this.key, log, this.kept.at(-1), 1_760_000_000_000);
    this.kept.push(checkpoint);
    this.keptSubtrees.push(...this.#subtrees);
    this.#subtrees = [];
    return shownCheckpoint(checkpoint);
  }

  head() {
    const last = this.rows.at(-1);
    return { size: this.rows.length, ...(last && { recordHash: last.recordHash }) };
  }

  entries({ from, limit }: { from: number; limit: number }) {
    const start = Math.max(0, from);
    return this.rows.slice(start, start + limit);
  }

  entriesOf(chain: string, { after = -1, limit }: { after?: number; limit: number }) {
    return this.rows.filter((row) => row.chain === chain && row.index > after).slice(0, limit);
  }

  group(index: number) {
    const before = this.rows.findLastIndex((row) => row.index < index && row.signature);
    const end = this.rows.findIndex((row) => row.index >= index && row.signature);
    return end < 0 ? [] : this.rows.slice(before + 1, end + 1);
  }

  checkpoint(treeSize?: number) {
    return treeSize === undefined
      ? this.kept.at(-1)
      : this.kept.find((one) => one.treeSize === treeSize);
  }

  checkpoints({ after = -1, limit }: { after?: number; limit: number }) {
    return this.kept.filter(({ treeSize }) => treeSize > after).slice(0, limit);
  }

  subtrees(level: number, { from, limit }: { from: number; limit: number }) {
    return this.keptSubtrees
      .filter((one) => one.level === level && one.index >= from)
      .toSorted((a, b) => a.index - b.index)
      .slice(0, limit);
  }
}
