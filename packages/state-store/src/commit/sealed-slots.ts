import type { AuthMode, AuthProvider, SealedSlot, SlotDetails } from '@kheish/core-model';
import { storedJson } from '../root/storage-error.ts';
import type { LoadedSlot } from './command.ts';
import type { SlotRow, Statements } from './statements.ts';

export function slotOf(row: SlotRow | undefined): LoadedSlot {
  if (row === undefined) return { lastVersion: 0 };
  const sealed = sealedSlotOf(row);
  return { ...(sealed && { slot: sealed }), lastVersion: row.version };
}

/** Undefined for a slot that was deleted. */
export function sealedSlotOf(row: SlotRow): SealedSlot | undefined {
  if (row.nonce === null || row.ciphertext === null) return undefined;
  return {
    slot_id: row.slotId,
    provider: row.provider as AuthProvider,
    mode: row.mode as AuthMode,
    summary: row.summary,
    version: row.version,
    updated_at_ms: row.updatedAtMs,
    key_id: row.keyId,
    nonce: row.nonce,
    ciphertext: row.ciphertext,
    ...(row.details !== null && { details: storedJson(row.details) as SlotDetails }),
  };
}

export function writeSlot(
  statements: Statements,
  slotId: string,
  slot: SealedSlot | undefined,
  version: number,
  atMs: number,
): void {
  if (slot === undefined) {
    statements.eraseSlot.run(version, atMs, slotId);
    return;
  }
  statements.putSlot.run(
    slot.slot_id,
    slot.provider,
    slot.mode,
    slot.summary,
    slot.version,
    slot.updated_at_ms,
    slot.key_id,
    slot.nonce,
    slot.ciphertext,
    slot.details === undefined ? null : JSON.stringify(slot.details),
  );
}
