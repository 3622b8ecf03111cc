import { hkdfSync } from 'node:crypto';
import { KheishError, type RandomSource } from '@kheish/core-model';

const MASTER_KEY_BYTES = 32;

/** A key of its own for each purpose: HKDF-SHA-256 (RFC 5869) with the purpose as info, no salt. */
function derive(key: Uint8Array, purpose: string, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, '', `kheish/auth-store/v1/${purpose}`, length));
}

/** The key of one state root. What prints or serialises it shows the key id at most. */
export class MasterKey {
  /** Names the key without telling it: 16 hex digits. */
  readonly keyId: string;
  readonly #encryption: Uint8Array;
  readonly #fingerprint: Uint8Array;
  #wiped = false;

  /** Takes 32 bytes and does not keep them; the caller may overwrite them. */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== MASTER_KEY_BYTES) throw new Error('a master key has 32 bytes');
    this.keyId = Buffer.from(derive(bytes, 'key-id', 8)).toString('hex');
    this.#encryption = derive(bytes, 'slot-encryption', 32);
    this.#fingerprint = derive(bytes, 'write-fingerprint', 32);
  }

  /** Seals slots. Overwritten by `wipe`. */
  encryptionKey(): Uint8Array {
    return this.#usable(this.#encryption);
  }

  /** Keys the HMAC by which a repeated write of a secret is recognised. Overwritten by `wipe`. */
  fingerprintKey(): Uint8Array {
    return this.#usable(this.#fingerprint);
  }

  wipe(): void {
    this.#wiped = true;
    this.#encryption.fill(0);
    this.#fingerprint.fill(0);
  }

  #usable(subkey: Uint8Array): Uint8Array {
    if (this.#wiped) throw new Error('the master key is wiped');
    return subkey;
  }
}

/** A new master key, as `KHEISH_AUTH_STORE_MASTER_KEY` takes it: base64 of 32 random bytes. */
export function generateMasterKey(random: RandomSource): string {
  return Buffer.from(random.bytes(MASTER_KEY_BYTES)).toString('base64');
}

/**
 * A key from its text, white space around it aside: standard base64 of 32 bytes, or else 32 bytes of UTF-8.
 * Throws `secrets/master_key_invalid`, without the text.
 */
export function parseMasterKey(text: string): MasterKey {
  const trimmed = text.trim();
  if (trimmed === '') {
    throw new KheishError('secrets/master_key_invalid', 'The master key is empty.');
  }
  const decoded = Buffer.from(trimmed, 'base64');
  const isBase64 = decoded.length === MASTER_KEY_BYTES && decoded.toString('base64') === trimmed;
  const bytes = isBase64 ? decoded : Buffer.from(trimmed);
  try {
    if (bytes.length === MASTER_KEY_BYTES) return new MasterKey(bytes);
    throw new KheishError(
      'secrets/master_key_invalid',
      'The master key must be 32 bytes, or the base64 of 32 bytes; `secrets generate` makes one.',
    );
  } finally {
    decoded.fill(0);
    bytes.fill(0);
  }
}
