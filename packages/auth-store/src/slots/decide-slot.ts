import {
  KheishError,
  type AuthSlotRecord,
  type EventOf,
  type SealedSlot,
} from '@kheish/core-model';
import type { LoadedSlot } from '@kheish/state-store';
import type { SlotSealer } from '../sealing/slot-sealer.ts';

export interface SlotWrite {
  readonly event: EventOf<'secret_slot_set'>;
  /** The row to put in place of the loaded one. */
  readonly slot: SealedSlot;
}

/** Seals the record as the next version of its slot. */
export function decideSetSlot(
  loaded: LoadedSlot,
  record: AuthSlotRecord,
  sealer: Pick<SlotSealer, 'sealSlot'>,
  atMs: number,
): SlotWrite {
  const version = loaded.lastVersion + 1;
  const { slot_id, provider } = record;
  return {
    event: { type: 'secret_slot_set', slot_id, provider, version },
    slot: sealer.sealSlot(record, version, atMs),
  };
}

/** Seals every slot again, as its next version, under another key. Throws where one cannot be opened. */
export function decideRekey(
  slots: readonly SealedSlot[],
  open: (slot: SealedSlot) => AuthSlotRecord,
  sealer: SlotSealer,
): SealedSlot[] {
  return slots.map((slot) => sealer.sealSlot(open(slot), slot.version + 1, slot.updated_at_ms));
}

/** The event names the version that goes; the next write takes the one after it. Throws `secrets/secret_not_found`. */
export function decideDeleteSlot(
  loaded: LoadedSlot,
  slotId: string,
): EventOf<'secret_slot_deleted'> {
  if (loaded.slot === undefined) {
    throw new KheishError('secrets/secret_not_found', `There is no secret "${slotId}".`);
  }
  return { type: 'secret_slot_deleted', slot_id: slotId, version: loaded.slot.version };
}
