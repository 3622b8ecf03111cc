import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { fromHex, sameBytes } from '../merkle/hashing.ts';
import { isStrictForm } from './strict-form.ts';
import type { VerifySignature } from './verifier.ts';

const utf8 = new TextEncoder();
const WINDOW = 4;
/** A log has few; each takes 100 kB, and a made-up file may name any number. */
const KEPT_KEYS = 64;

/** By @noble/ed25519, without node:crypto. Remembers some of the keys it has seen. */
export function verifyPortably(): VerifySignature {
  const keys = new Map<string, KnownKey | undefined>();
  return (publicKey, message, signature) => {
    const bytes = fromHex(publicKey);
    if (!isStrictForm(bytes, signature)) return false;
    if (!keys.has(publicKey) && keys.size >= KEPT_KEYS) keys.clear();
    if (!keys.has(publicKey)) keys.set(publicKey, knownKey(bytes));
    const key = keys.get(publicKey);
    if (key === undefined) return false;
    const r = signature.subarray(0, 32);
    const s = littleEndian(signature.subarray(32));
    const challenge = sha512(
      concatenated(r, bytes, typeof message === 'string' ? utf8.encode(message) : message),
    );
    const k = littleEndian(challenge) % Point.CURVE().n;
    // Without the cofactor, as OpenSSL does: the encoding of [S]B - [k]A is R, byte by byte.
    const sb = s === 0n ? Point.ZERO : Point.BASE.multiply(s, false);
    return sameBytes(sb.add(key.timesMinus(k)).toBytes(), r);
  };
}

interface KnownKey {
  /** [-k]A, of k < 2^256. */
  timesMinus(k: bigint): Point;
}

/** Multiples of -A, window by window, so that a key that comes again costs additions only. */
function knownKey(bytes: Uint8Array): KnownKey | undefined {
  let base: Point;
  try {
    base = Point.fromBytes(bytes, false).negate();
  } catch {
    return undefined;
  }
  const windows: Point[][] = [];
  for (let at = 0; at < 256; at += WINDOW) {
    const multiples = [base];
    for (let times = 2; times < 2 ** WINDOW; times += 1) {
      multiples.push((multiples.at(-1) as Point).add(base));
    }
    windows.push(multiples);
    base = (multiples.at(-1) as Point).add(base);
  }
  return {
    timesMinus: (k) => {
      let sum = Point.ZERO;
      let rest = k;
      for (const multiples of windows) {
        const digit = Number(rest & 15n);
        if (digit > 0) sum = sum.add(multiples[digit - 1] as Point);
        rest >>= 4n;
      }
      return sum;
    },
  };
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`);
}

function concatenated(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
