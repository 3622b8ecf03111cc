import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AuthSlotRecord, NewId } from '@kheish/core-model';
import { type IdempotencyRequest, type Store, openStore } from '@kheish/state-store';
import { ManualClock, systemRandom } from '@kheish/testkit';
import { afterEach, beforeEach } from 'vitest';
import { MasterKey } from '../master-key/master-key.ts';
import { createRedactor } from '../redaction/redactor.ts';
import { SecretStore } from '../slots/secret-store.ts';

export const keyOf = (byte: number) => new MasterKey(new Uint8Array(32).fill(byte));

export function record(slotId: string, value: string): AuthSlotRecord {
  return { slot_id: slotId, provider: 'generic', mode: 'opaque_secret', state: { value } };
}

export const once = (key: string): IdempotencyRequest => ({
  scope: 'set',
  key,
  fingerprint: 'unkeyed',
});

/** A state root of its own for each test, and the slots in it. */
export class SlotsRoot {
  readonly clock = new ManualClock();
  readonly redactor = createRedactor();
  #path = '';
  #store: Store | undefined;
  #ids = 0;

  /** For the tests of a file. */
  static forEach(): SlotsRoot {
    const root = new SlotsRoot();
    beforeEach(() => {
      root.#path = mkdtempSync(join(tmpdir(), 'auth-store-'));
      root.#open();
    });
    afterEach(async () => {
      await root.store.close();
      rmSync(root.#path, { recursive: true, force: true });
    });
    return root;
  }

  readonly newId: NewId = (prefix) => `${prefix}_${(this.#ids += 1)}`;

  get store(): Store {
    if (this.#store === undefined) throw new Error('outside of a test');
    return this.#store;
  }

  at(name: string): string {
    return join(this.#path, name);
  }

  secrets(masterKey: MasterKey | undefined = keyOf(7)): SecretStore {
    return this.with(masterKey);
  }

  with(masterKey: MasterKey | undefined): SecretStore {
    const { store, clock, redactor } = this;
    return new SecretStore({ store, masterKey, random: systemRandom, clock, redactor });
  }

  /** Closes it, changes it behind the back of the store if so told, and opens it again. */
  async reopen(...statements: string[]): Promise<void> {
    await this.store.close();
    const db = new DatabaseSync(this.at('kheish.db'));
    for (const statement of statements) db.exec(statement);
    db.close();
    this.#open();
  }

  #open(): void {
    const { clock, newId } = this;
    this.#store = openStore({ stateRoot: this.#path, clock, newId, version: '1.0.0' });
  }
}
