import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { DomainEvent } from '@kheish/core-model';
import { type Store, type StoreOptions, openStore } from '@kheish/state-store';
import { ManualClock } from '@kheish/testkit';
import { createLedgerSealer } from '../seal/seal.ts';
import { testKey } from './memory-ledger.ts';

/** A state root of its own, with a store that writes real entries, and SQL behind its back. */
export class LedgerRoot implements AsyncDisposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'audit-ledger-')));
  readonly clock = new ManualClock();
  #ids = 0;
  #runs = 0;
  #store: Store | undefined;
  #sql: DatabaseSync | undefined;

  open(options: Partial<StoreOptions> = {}): Store {
    this.#store = openStore({
      stateRoot: this.path,
      clock: this.clock,
      newId: (prefix) => `${prefix}_${(this.#ids += 1)}`,
      version: '1.0.0',
      sealer: (logId) => createLedgerSealer(logId, testKey(1)),
      ...options,
    });
    return this.#store;
  }

  /** Runs with a model call each, asked for and answered: two entries a run, in two commits or all in two. */
  async act(store: Store, runs: number, together = false): Promise<void> {
    const ids = Array.from({ length: runs }, () => `run_${(this.#runs += 1)}`);
    const all = async (commit: (id: string) => Promise<void>) => {
      if (together) await Promise.all(ids.map(commit));
      else for (const id of ids) await commit(id);
    };
    await all((id) => recording(store, id, asked(id)));
    await all((id) => recording(store, id, answered(id)));
  }

  rows(table: string): Record<string, SQLInputValue>[] {
    return this.#connection().prepare(`SELECT * FROM ${table}`).all();
  }

  sql(statement: string, ...values: SQLInputValue[]): void {
    this.#connection()
      .prepare(statement)
      .run(...values);
  }

  async close(): Promise<void> {
    await this.#store?.close();
    this.#store = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sql?.close();
    await this.close();
    rmSync(this.path, { recursive: true, force: true });
  }

  #connection(): DatabaseSync {
    if (this.#sql === undefined) {
      this.#sql = new DatabaseSync(join(this.path, 'kheish.db'));
      this.#sql.exec('PRAGMA synchronous = OFF');
    }
    return this.#sql;
  }
}

function recording(store: Store, id: string, events: readonly DomainEvent[]): Promise<void> {
  return store.commit({
    load: { session: `of ${id}` },
    decide: (state) => state.record(...events),
  });
}

const target = 'model:main/small';

function asked(id: string): DomainEvent[] {
  const ids = { session_id: `of ${id}`, run_id: id };
  return [
    { type: 'session_created', session_id: ids.session_id, agent_id: 'agent_1' },
    {
      type: 'run_accepted',
      ...ids,
      agent_id: 'agent_1',
      kind: 'input',
      request: {
        source_plugin: 'http',
        source_kind: 'api',
        actor_id: 'operator',
        content: 'hello',
        text_preview: 'hello',
      },
      route: { route_id: 'main', driver: 'scripted', model: 'small' },
    },
    { type: 'run_started', ...ids, incarnation: 1 },
    {
      type: 'action_intended',
      ...ids,
      action_id: `action of ${id}`,
      step: 1,
      kind: 'model_call',
      effect: 'repeatable',
      target,
      audit_target: target,
      request_digest: `sha256:${'0'.repeat(64)}`,
    },
  ];
}

function answered(id: string): DomainEvent[] {
  const ids = { session_id: `of ${id}`, run_id: id };
  return [
    {
      type: 'action_settled',
      ...ids,
      action_id: `action of ${id}`,
      step: 1,
      kind: 'model_call',
      target,
      outcome: 'succeeded',
      message: {
        role: 'assistant',
        parts: [{ type: 'text', text: 'hello' }],
        stop_reason: 'end',
        driver: 'scripted',
        model: 'small',
      },
      usage: { input_tokens: 3, output_tokens: 5 },
    },
    { type: 'run_completed', ...ids, outputs: [] },
  ];
}
