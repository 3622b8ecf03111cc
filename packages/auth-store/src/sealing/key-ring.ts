import type { AuthSlotRecord, RandomSource, SealedSlot } from '@kheish/core-model';
import type { MasterKey } from '../master-key/master-key.ts';
import { masterKeyMismatch } from '../slots/refusals.ts';
import { type SlotSealer, createSlotSealer } from './slot-sealer.ts';

/** The master key in force, and while that changes the next one too: which of them a slot needs, its key id says. */
export class KeyRing {
  readonly #random: RandomSource;
  readonly #keys = new Map<string, MasterKey>();
  readonly #sealers = new Map<string, SlotSealer>();
  /** Where no slot says it. */
  #inForce: string;

  constructor(key: MasterKey, random: RandomSource) {
    this.#random = random;
    this.#keys.set(key.keyId, key);
    this.#inForce = key.keyId;
  }

  /** Has a sealer for each key: from then on all is synchronous. */
  async ready(): Promise<void> {
    for (const [id, key] of this.#keys) {
      if (!this.#sealers.has(id)) this.#sealers.set(id, await createSlotSealer(key, this.#random));
    }
  }

  /** Takes the key over; gives the one that is there already, if so. */
  add(key: MasterKey): MasterKey {
    const known = this.#keys.get(key.keyId);
    if (known === undefined) this.#keys.set(key.keyId, key);
    else if (known !== key) key.wipe();
    return known ?? key;
  }

  open(slot: SealedSlot): AuthSlotRecord {
    return this.sealer(slot.key_id).openSlot(slot);
  }

  /** The id of the key that these slots are sealed under: all of a root are under one. */
  keyIdOf(slots: readonly SealedSlot[]): string {
    return slots[0]?.key_id ?? this.#inForce;
  }

  sealer(keyId: string): SlotSealer {
    const sealer = this.#sealers.get(keyId);
    if (sealer === undefined) throw masterKeyMismatch(keyId, this.#inForce);
    return sealer;
  }

  get inForce(): string {
    return this.#inForce;
  }

  putInForce(keyId: string): void {
    this.#inForce = keyId;
  }

  /** Wipes every key but this one; without one all. */
  keep(keyId?: string): void {
    for (const [id, key] of this.#keys) {
      if (id === keyId) continue;
      key.wipe();
      this.#keys.delete(id);
      this.#sealers.delete(id);
    }
  }
}
