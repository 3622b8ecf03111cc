import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import * as v from 'valibot';
import { canonicalJson } from './canonical-json.ts';

/** `sha256:` and 64 hex digits. */
export type Digest = `sha256:${string}`;
export const DigestText = v.custom<Digest>(
  (value) => typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value),
);

export function digestOfBytes(bytes: Uint8Array): Digest {
  return `sha256:${bytesToHex(sha256(bytes))}`;
}

export function digestOfText(text: string): Digest {
  return digestOfBytes(utf8ToBytes(text));
}

/** Digest of the canonical JSON (RFC 8785) of a value. */
export function digestOfJson(value: unknown): Digest {
  return digestOfText(canonicalJson(value));
}

/** HMAC-SHA-256 (RFC 2104) of a text, in hex. */
export function hmacOfText(key: Uint8Array, text: string): string {
  return bytesToHex(hmac(sha256, key, utf8ToBytes(text)));
}
