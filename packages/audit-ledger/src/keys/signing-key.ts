import { type KeyObject, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { KheishError, type RandomSource } from '@kheish/core-model';
import { toHex } from '../merkle/hashing.ts';

const SEED_BYTES = 32;
/** PKCS #8 of an Ed25519 key (RFC 8410), up to its 32 bytes. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key that seals a log. What prints or serialises it shows the public key at most. */
export class SigningKey {
  /** The public key, in hex. */
  readonly keyId: string;
  readonly #key: KeyObject;

  /** Takes the 32 bytes of the secret key (RFC 8032) and does not keep them; the caller may overwrite them. */
  constructor(seed: Uint8Array) {
    if (seed.length !== SEED_BYTES) throw new Error('a signing key has 32 bytes');
    const der = Buffer.concat([PKCS8, seed]);
    this.#key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    der.fill(0);
    const { x } = createPublicKey(this.#key).export({ format: 'jwk' });
    this.keyId = toHex(Buffer.from(x as string, 'base64url'));
  }

  /** Ed25519 (RFC 8032): 64 bytes. */
  sign(text: string): Uint8Array {
    return sign(null, Buffer.from(text), this.#key);
  }
}

/** How a key is kept in a file. */
export function keyFileText(seed: Uint8Array): string {
  return `${JSON.stringify({ algorithm: 'ed25519', secret_key_hex: toHex(seed) })}\n`;
}

/** 32 bytes for a new key. */
export function newSeed(random: RandomSource): Uint8Array {
  return random.bytes(SEED_BYTES);
}

/**
 * The 32 bytes of a key: raw, or as text its JSON form, hex, base64url without padding or base64, white space around it
 * aside. Throws `audit/key_invalid`, never with what was given; `where` says where it came from.
 */
export function parseSeed(given: Uint8Array, where: string): Uint8Array {
  if (given.length === SEED_BYTES) return given.slice();
  const text = Buffer.from(given).toString('utf8').trim();
  const seed = text.startsWith('{') ? seedOfJson(text) : seedOfText(text);
  if (seed !== undefined) return seed;
  throw new KheishError(
    'audit/key_invalid',
    `${where} is no Ed25519 signing key: give 32 bytes, raw, as hex, base64url or base64, or {"algorithm":"ed25519","secret_key_hex":"..."}.`,
  );
}

function seedOfJson(text: string): Uint8Array | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { algorithm, secret_key_hex: hex } = value as Record<string, unknown>;
  if (algorithm !== 'ed25519' || typeof hex !== 'string') return undefined;
  return /^[0-9a-f]{64}$/i.test(hex) ? new Uint8Array(Buffer.from(hex, 'hex')) : undefined;
}

function seedOfText(text: string): Uint8Array | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  for (const form of ['base64url', 'base64'] as const) {
    const decoded = Buffer.from(text, form);
    if (decoded.length === SEED_BYTES && decoded.toString(form) === text) {
      return new Uint8Array(decoded);
    }
  }
  return undefined;
}
