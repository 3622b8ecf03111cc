import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewId } from '@kheish/core-model';
import { ManualClock, plainSealer } from '@kheish/testkit';
import Database from 'better-sqlite3';
import { type Store, type StoreOptions, openStore } from '../store.ts';

/** A state root in a directory of its own, with the store that a test opens on it. */
export class TemporaryRoot implements AsyncDisposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'state-store-')));
  readonly clock = new ManualClock();
  #ids = 0;
  readonly #opened: Store[] = [];

  readonly newId: NewId = (prefix) => `${prefix}_${(this.#ids += 1)}`;

  at(...names: string[]): string {
    return join(this.path, ...names);
  }

  open(options: Partial<StoreOptions> = {}): Store {
    const { clock, newId, path } = this;
    const store = openStore({
      stateRoot: path,
      clock,
      newId,
      version: '1.0.0',
      sealer: () => plainSealer,
      ...options,
    });
    this.#opened.push(store);
    return store;
  }

  /** Runs SQL behind the back of whoever holds the root. */
  sql(...statements: string[]): void {
    const db = new Database(this.at('kheish.db'));
    try {
      for (const statement of statements) db.exec(statement);
    } finally {
      db.close();
    }
  }

  rows<T>(query: string): T[] {
    const db = new Database(this.at('kheish.db'), { readonly: true });
    try {
      return db.prepare<[], T>(query).all();
    } finally {
      db.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#opened) await store.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}
