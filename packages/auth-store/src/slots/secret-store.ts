import {
  type AuthSlotRecord,
  type AuthSlotStatus,
  type Clock,
  type ImportReport,
  KheishError,
  type RandomSource,
  type RekeyReport,
  type SealedSlot,
} from '@kheish/core-model';
import type {
  Command,
  IdempotencyRequest,
  OnceResult,
  Store,
  WorkingState,
} from '@kheish/state-store';
import type { MasterKey } from '../master-key/master-key.ts';
import type { Redactor } from '../redaction/redactor.ts';
import { KeyRing } from '../sealing/key-ring.ts';
import { secretOf } from './credentials.ts';
import { decideDeleteSlot, decideRekey, decideSetSlot } from './decide-slot.ts';
import {
  masterKeyMismatch,
  masterKeyMissing,
  sameMasterKey,
  secretNotFound,
  secretsExist,
} from './refusals.ts';
import { rekeyReport } from './rekey-report.ts';
import { statusOf } from './slot-status.ts';
import { acrossBridge, bridgeOf, writeFingerprint } from './write-fingerprint.ts';

export interface SecretStoreOptions {
  readonly store: Store;
  /** Wiped by `wipe`, and when another has taken its place. */
  readonly masterKey: MasterKey | undefined;
  readonly random: RandomSource;
  readonly clock: Pick<Clock, 'now'>;
  readonly redactor: Pick<Redactor, 'add'>;
}

/** What may be done with a master key. */
interface Keys {
  readonly ring: KeyRing;
  /** Stays what it is when the master key changes. */
  readonly fingerprint: Uint8Array;
}

/** The secret slots of an open state root. Values go in and reach drivers; no answer has them. */
export class SecretStore {
  readonly #store: Store;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #redactor: Pick<Redactor, 'add'>;
  readonly #keys: Keys | undefined;
  /** The exchange of the master key that was begun last. */
  #exchanged: Promise<void> = Promise.resolve();

  /**
   * Throws `secrets/master_key_mismatch` where a slot is sealed under another key than the one given;
   * without a key slots can be listed and deleted, not written or opened.
   */
  constructor({ store, masterKey, random, clock, redactor }: SecretStoreOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#redactor = redactor;
    if (masterKey === undefined) return;
    const other = store.read.slots().find((slot) => slot.key_id !== masterKey.keyId);
    if (other !== undefined) throw masterKeyMismatch(other.key_id, masterKey.keyId);
    const bridge = store.read.fact('fingerprint_bridge');
    this.#keys = {
      ring: new KeyRing(masterKey, random),
      fingerprint: acrossBridge(masterKey.fingerprintKey(), bridge),
    };
  }

  get hasMasterKey(): boolean {
    return this.#keys !== undefined;
  }

  /** Has the redactor know every value. Gives the slots whose values nobody can know: damaged, or without a key. */
  async learn(): Promise<string[]> {
    const slots = this.#store.read.slots();
    if (slots.length === 0) return [];
    if (this.#keys === undefined) return slots.map((slot) => slot.slot_id);
    const { ring } = await this.#ready();
    return slots.flatMap((slot) => {
      try {
        this.#redactor.add(secretOf(ring.open(slot)));
        return [];
      } catch (error) {
        if (error instanceof KheishError) return [slot.slot_id];
        throw error;
      }
    });
  }

  list(): AuthSlotStatus[] {
    const now = this.#clock.now();
    return this.#store.read.slots().map((slot) => statusOf(slot, now));
  }

  /** Throws `secrets/secret_not_found`. */
  get(slotId: string): AuthSlotStatus {
    return statusOf(this.#slot(slotId), this.#clock.now());
  }

  /** Writes or replaces a slot. Throws `secrets/master_key_missing`. */
  async set(record: AuthSlotRecord): Promise<AuthSlotStatus> {
    return this.#store.commit(this.#setCommand(record, await this.#ready()));
  }

  /** The same, once per idempotency key. What is kept to recognise a twin does not help to guess the secret. */
  async setOnce(
    record: AuthSlotRecord,
    idempotency: IdempotencyRequest,
  ): Promise<OnceResult<AuthSlotStatus>> {
    const keys = await this.#ready();
    const fingerprint = writeFingerprint(keys.fingerprint, record);
    return this.#once(this.#setCommand(record, keys), { ...idempotency, fingerprint });
  }

  /** Writes all of these or none. Throws `secrets/secret_exists` where one is there and may not be replaced. */
  async import(records: readonly AuthSlotRecord[], replace: boolean): Promise<ImportReport> {
    return this.#store.commit(this.#importCommand(records, replace, await this.#ready()));
  }

  async importOnce(
    records: readonly AuthSlotRecord[],
    replace: boolean,
    idempotency: IdempotencyRequest,
  ): Promise<OnceResult<ImportReport>> {
    const keys = await this.#ready();
    const fingerprint = writeFingerprint(keys.fingerprint, { records, replace });
    const command = this.#importCommand(records, replace, keys);
    return this.#once(command, { ...idempotency, fingerprint });
  }

  /** Throws `secrets/secret_not_found`. */
  async delete(slotId: string): Promise<void> {
    await this.#store.commit({
      load: { slots: [slotId] },
      decide: (state) => {
        state.record(decideDeleteSlot(state.slot(slotId), slotId));
        state.seal(slotId, undefined);
      },
    });
  }

  /** The secret itself, for a driver. Throws `secrets/...` where it is missing or cannot be opened. */
  async reveal(slotId: string): Promise<AuthSlotRecord> {
    this.#slot(slotId);
    const { ring } = await this.#ready();
    // Read at the very moment: a rekey may have sealed it anew meanwhile.
    return ring.open(this.#slot(slotId));
  }

  /**
   * Seals every slot under another key, in one commit, and wipes the one that was in force: the next start needs the new
   * one. That is taken over, and wiped where this refuses: with `secrets/same_master_key`, or because of a slot that
   * cannot be opened.
   */
  rekey(next: MasterKey): Promise<RekeyReport> {
    return this.#exchange(next, (command) => this.#store.commit(command));
  }

  rekeyOnce(next: MasterKey, idempotency: IdempotencyRequest): Promise<OnceResult<RekeyReport>> {
    const fingerprint = next.keyId;
    return this.#exchange(next, (command) => this.#once(command, { ...idempotency, fingerprint }));
  }

  wipe(): void {
    this.#keys?.ring.keep();
    this.#keys?.fingerprint.fill(0);
  }

  #slot(slotId: string): SealedSlot {
    const slot = this.#store.read.slot(slotId);
    if (slot === undefined) throw secretNotFound(slotId);
    return slot;
  }

  async #ready(): Promise<Keys> {
    if (this.#keys === undefined) throw masterKeyMissing();
    await this.#keys.ring.ready();
    return this.#keys;
  }

  #once<R>(command: Command<R>, idempotency: IdempotencyRequest): Promise<OnceResult<R>> {
    const answer = (result: R) => ({ status: 200, body: JSON.stringify(result) });
    return this.#store.commitOnce({ ...command, idempotency, answer });
  }

  #setCommand(record: AuthSlotRecord, { ring }: Keys): Command<AuthSlotStatus> {
    // Before the commit: from then on somebody may be given it.
    this.#redactor.add(secretOf(record));
    return {
      load: { slots: [record.slot_id] },
      decide: (state) => this.#write(state, record, ring),
    };
  }

  #importCommand(
    records: readonly AuthSlotRecord[],
    replace: boolean,
    { ring }: Keys,
  ): Command<ImportReport> {
    for (const record of records) this.#redactor.add(secretOf(record));
    const slots = records.map((record) => record.slot_id);
    return {
      load: { slots },
      decide: (state) => {
        const there = slots.filter((id) => state.slot(id).slot !== undefined);
        if (there.length > 0 && !replace) throw secretsExist(there);
        const imported = records.map((record) => this.#write(state, record, ring));
        return { imported, replaced: there };
      },
    };
  }

  #write(state: WorkingState, record: AuthSlotRecord, ring: KeyRing): AuthSlotStatus {
    const sealer = ring.sealer(ring.keyIdOf(state.slots()));
    const { event, slot } = decideSetSlot(state.slot(record.slot_id), record, sealer, state.atMs);
    state.record(event);
    state.seal(record.slot_id, slot);
    return statusOf(slot, state.atMs);
  }

  /** One after the other. */
  async #exchange<R>(
    given: MasterKey,
    commit: (command: Command<RekeyReport>) => Promise<R>,
  ): Promise<R> {
    const before = this.#exchanged;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#exchanged = promise;
    await before;
    try {
      return await this.#exchangeNow(given, commit);
    } finally {
      resolve();
    }
  }

  async #exchangeNow<R>(
    given: MasterKey,
    commit: (command: Command<RekeyReport>) => Promise<R>,
  ): Promise<R> {
    if (this.#keys === undefined) throw masterKeyMissing();
    const { ring } = this.#keys;
    const old = ring.inForce;
    const next = ring.add(given);
    const keys = await this.#ready();
    try {
      const answer = await commit({ load: {}, decide: (state) => this.#rekey(state, next, keys) });
      this.#settle(ring, ring.inForce);
      return answer;
    } catch (error) {
      // Such a commit may have come to the disk after all: until that is known both keys are kept.
      const isUnclear =
        error instanceof KheishError && error.code === 'storage/storage_unavailable';
      if (isUnclear) ring.putInForce(old);
      else this.#settle(ring, old);
      throw error;
    }
  }

  /** Wipes all keys but the one that the slots need; `otherwise` where there are none. */
  #settle(ring: KeyRing, otherwise: string): void {
    const [slot] = this.#store.read.slots();
    ring.putInForce(slot?.key_id ?? otherwise);
    ring.keep(ring.inForce);
  }

  #rekey(state: WorkingState, next: MasterKey, { ring, fingerprint }: Keys): RekeyReport {
    const slots = state.slots();
    const old = ring.keyIdOf(slots);
    if (old === next.keyId) throw sameMasterKey(old);
    const sealed = decideRekey(slots, (slot) => ring.open(slot), ring.sealer(next.keyId));
    state.record({
      type: 'secrets_rekeyed',
      old_key_id: old,
      new_key_id: next.keyId,
      slots: sealed.map(({ slot_id, version }) => ({ slot_id, version })),
    });
    for (const slot of sealed) {
      const { slot_id, version } = slot;
      // What the operator took back stays taken back: that counts for a version and those before it.
      if (state.authority.slot(slot_id).revoked) {
        state.record({ type: 'auth_slot_revoked', slot_id, version });
      }
      state.seal(slot_id, slot);
    }
    state.keepFact('fingerprint_bridge', bridgeOf(next.fingerprintKey(), fingerprint));
    ring.putInForce(next.keyId);
    return rekeyReport(old, next.keyId, sealed.length);
  }
}
