import type { AuthMode, AuthProvider, SlotDetails } from './auth-slot.ts';

/** A slot as it lies on disk. The ciphertext is bound to slot id, version and provider. */
export interface SealedSlot {
  readonly slot_id: string;
  readonly provider: AuthProvider;
  readonly mode: AuthMode;
  readonly summary: string;
  readonly details?: SlotDetails;
  /** Grows by one with each write of this slot, also across a delete. */
  readonly version: number;
  readonly updated_at_ms: number;
  /** Names the master key that opens it. */
  readonly key_id: string;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}
