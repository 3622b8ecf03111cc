import {
  type AuthSlotRecord,
  type AuthSlotStatus,
  KheishError,
  type RandomSource,
} from '@kheish/core-model';
import type { Command, IdempotencyRequest, OnceResult, Store } from '@kheish/state-store';
import type { MasterKey } from '../master-key/master-key.ts';
import type { Redactor } from '../redaction/redactor.ts';
import { type SlotSealer, createSlotSealer } from '../sealing/slot-sealer.ts';
import { secretOf } from './credentials.ts';
import { decideDeleteSlot, decideSetSlot } from './decide-slot.ts';
import { statusOf } from './slot-status.ts';
import { writeFingerprint } from './write-fingerprint.ts';

/** The secret slots of an open state root. Values go in and reach drivers; no answer has them. */
export class SecretStore {
  readonly #store: Store;
  readonly #masterKey: MasterKey | undefined;
  readonly #random: RandomSource;
  readonly #redactor: Pick<Redactor, 'add'>;
  #sealer: Promise<SlotSealer> | undefined;

  /**
   * Throws `secrets/master_key_mismatch` where a slot is sealed under another key than the one given;
   * without a key slots can be listed and deleted, not written or opened.
   */
  constructor(
    store: Store,
    masterKey: MasterKey | undefined,
    random: RandomSource,
    redactor: Pick<Redactor, 'add'>,
  ) {
    this.#store = store;
    this.#masterKey = masterKey;
    this.#random = random;
    this.#redactor = redactor;
    const other = store.read.slots().find((slot) => slot.key_id !== masterKey?.keyId);
    if (masterKey !== undefined && other !== undefined) {
      throw new KheishError(
        'secrets/master_key_mismatch',
        `The secrets of this state root are sealed under master key ${other.key_id}; the key given is ${masterKey.keyId}. Set KHEISH_AUTH_STORE_MASTER_KEY or its _FILE to the key of this root.`,
      );
    }
  }

  get hasMasterKey(): boolean {
    return this.#masterKey !== undefined;
  }

  /** Has the redactor know every value. Gives the slots whose values nobody can know: damaged, or without a key. */
  async learn(): Promise<string[]> {
    const slots = this.#store.read.slots();
    const masterKey = this.#masterKey;
    if (slots.length === 0) return [];
    if (masterKey === undefined) return slots.map((slot) => slot.slot_id);
    const sealer = await this.#open(masterKey);
    return slots.flatMap((slot) => {
      try {
        this.#redactor.add(secretOf(sealer.openSlot(slot)));
        return [];
      } catch (error) {
        if (error instanceof KheishError) return [slot.slot_id];
        throw error;
      }
    });
  }

  list(): AuthSlotStatus[] {
    return this.#store.read.slots().map(statusOf);
  }

  /** Throws `secrets/secret_not_found`. */
  get(slotId: string): AuthSlotStatus {
    const slot = this.#store.read.slot(slotId);
    if (slot === undefined) throw notFound(slotId);
    return statusOf(slot);
  }

  /** Writes or replaces a slot. Throws `secrets/master_key_missing`. */
  async set(record: AuthSlotRecord): Promise<AuthSlotStatus> {
    return this.#store.commit(await this.#setCommand(record, this.#requireKey()));
  }

  /** The same, once per idempotency key. What is kept to recognise a twin does not help to guess the secret. */
  async setOnce(
    record: AuthSlotRecord,
    idempotency: IdempotencyRequest,
  ): Promise<OnceResult<AuthSlotStatus>> {
    const masterKey = this.#requireKey();
    return this.#store.commitOnce({
      ...(await this.#setCommand(record, masterKey)),
      idempotency: { ...idempotency, fingerprint: writeFingerprint(masterKey, record) },
      answer: (status) => ({ status: 200, body: JSON.stringify(status) }),
    });
  }

  /** Throws `secrets/secret_not_found`. */
  async delete(slotId: string): Promise<void> {
    await this.#store.commit({
      load: { slot: slotId },
      decide: (state) => {
        state.record(decideDeleteSlot(state.slot(slotId), slotId));
        state.seal(slotId, undefined);
      },
    });
  }

  /** The secret itself, for a driver. Throws `secrets/...` where it is missing or cannot be opened. */
  async reveal(slotId: string): Promise<AuthSlotRecord> {
    const slot = this.#store.read.slot(slotId);
    if (slot === undefined) throw notFound(slotId);
    return (await this.#open(this.#requireKey())).openSlot(slot);
  }

  async #setCommand(
    record: AuthSlotRecord,
    masterKey: MasterKey,
  ): Promise<Command<AuthSlotStatus>> {
    const sealer = await this.#open(masterKey);
    // Before the commit: from then on somebody may be given it.
    this.#redactor.add(secretOf(record));
    return {
      load: { slot: record.slot_id },
      decide: (state) => {
        const loaded = state.slot(record.slot_id);
        const { event, slot } = decideSetSlot(loaded, record, sealer, state.atMs);
        state.record(event);
        state.seal(record.slot_id, slot);
        return statusOf(slot);
      },
    };
  }

  #open(masterKey: MasterKey): Promise<SlotSealer> {
    return (this.#sealer ??= createSlotSealer(masterKey, this.#random));
  }

  #requireKey(): MasterKey {
    if (this.#masterKey !== undefined) return this.#masterKey;
    throw new KheishError(
      'secrets/master_key_missing',
      'There is no master key. Set KHEISH_AUTH_STORE_MASTER_KEY or KHEISH_AUTH_STORE_MASTER_KEY_FILE to the key of this state root; `secrets generate` makes a new one.',
    );
  }
}

function notFound(slotId: string): KheishError {
  return new KheishError('secrets/secret_not_found', `There is no secret "${slotId}".`);
}
