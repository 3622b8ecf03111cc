import {
  KheishError,
  canonicalJson,
  type AuthSlotRecord,
  type RandomSource,
  type SealedSlot,
} from '@kheish/core-model';
import type { MasterKey } from '../master-key/master-key.ts';
import { detailsOf, summaryOf } from '../slots/slot-status.ts';
import { NONCE_BYTES, loadAead } from './aead.ts';

/** Seals and opens slots, one by one, under one master key. Synchronous, so that a decision may seal. */
export interface SlotSealer {
  readonly keyId: string;
  sealSlot(record: AuthSlotRecord, version: number, atMs: number): SealedSlot;
  /** Throws `secrets/master_key_mismatch` for a slot of another key, `secrets/secret_corrupt` for a changed one. */
  openSlot(sealed: SealedSlot): AuthSlotRecord;
}

type SlotLabel = Omit<SealedSlot, 'nonce' | 'ciphertext'>;

/**
 * All that stands beside the ciphertext, in canonical JSON (RFC 8785): two labels never have one encoding, and a
 * ciphertext opens only under the slot, version and provider that it was sealed for.
 */
function associatedData(label: SlotLabel): Uint8Array {
  const { slot_id, provider, mode, summary, version, updated_at_ms, key_id, details } = label;
  return new TextEncoder().encode(
    canonicalJson({
      domain: 'kheish/auth-store/slot/v1',
      slot_id,
      provider,
      mode,
      summary,
      version,
      updated_at_ms,
      key_id,
      ...(details !== undefined && { details }),
    }),
  );
}

/** The secret part, without the nulls by which a request leaves a field out. */
function stateOf(record: AuthSlotRecord): object {
  return Object.fromEntries(Object.entries(record.state).filter(([, value]) => value !== null));
}

/** The sealer of this key; it fails once the key is wiped. */
export async function createSlotSealer(
  masterKey: MasterKey,
  random: RandomSource,
): Promise<SlotSealer> {
  const aead = await loadAead();
  return {
    keyId: masterKey.keyId,

    sealSlot(record, version, atMs) {
      const details = detailsOf(record);
      const label: SlotLabel = {
        slot_id: record.slot_id,
        provider: record.provider,
        mode: record.mode,
        summary: summaryOf(record),
        ...(details && { details }),
        version,
        updated_at_ms: atMs,
        key_id: masterKey.keyId,
      };
      const nonce = random.bytes(NONCE_BYTES);
      const plaintext = new TextEncoder().encode(JSON.stringify(stateOf(record)));
      try {
        const ciphertext = aead.encrypt(
          masterKey.encryptionKey(),
          nonce,
          plaintext,
          associatedData(label),
        );
        return { ...label, nonce, ciphertext };
      } finally {
        plaintext.fill(0);
      }
    },

    openSlot(sealed) {
      if (sealed.key_id !== masterKey.keyId) {
        throw new KheishError(
          'secrets/master_key_mismatch',
          `The secret "${sealed.slot_id}" is sealed under master key ${sealed.key_id}; the key given is ${masterKey.keyId}.`,
        );
      }
      const plaintext = aead.decrypt(
        masterKey.encryptionKey(),
        sealed.nonce,
        sealed.ciphertext,
        associatedData(sealed),
      );
      if (plaintext === undefined) {
        throw new KheishError(
          'secrets/secret_corrupt',
          `The secret "${sealed.slot_id}" was changed after it was sealed.`,
        );
      }
      try {
        const { expires_at_ms } = sealed.details ?? {};
        // Authentic, so it is what `sealSlot` wrote.
        return {
          slot_id: sealed.slot_id,
          provider: sealed.provider,
          mode: sealed.mode,
          state: JSON.parse(new TextDecoder().decode(plaintext)) as unknown,
          updated_at_ms: sealed.updated_at_ms,
          ...(expires_at_ms !== undefined && { expires_at_ms }),
        } as AuthSlotRecord;
      } finally {
        plaintext.fill(0);
      }
    },
  };
}
