import { createPrivateKey, sign as nativeSign } from 'node:crypto';
import { Point, hashes, verify as nobleVerify } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../merkle/hashing.ts';
import { verifyNatively } from './native.ts';
import { verifyPortably } from './portable.ts';

hashes.sha512 = sha512;
const native = verifyNatively();
const portable = verifyPortably();
const { n: L, p: P } = Point.CURVE();

function both(key: string, message: string | Uint8Array, signature: Uint8Array): boolean {
  const answers = [native(key, message, signature), portable(key, message, signature)];
  expect({ key, signature: toHex(signature), answers }).toEqual({
    key,
    signature: toHex(signature),
    answers: [answers[0], answers[0]],
  });
  return answers[0] as boolean;
}

function littleEndian(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0')).toReversed();
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.toReversed())}`);
}

describe('RFC 8032 section 7.1', () => {
  test.each([
    [
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
    [
      'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
      'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
    ],
  ])('%s', (key, message, signature) => {
    expect(both(key, fromHex(message), fromHex(signature))).toBe(true);
    expect(both(key, fromHex(`${message}21`), fromHex(signature))).toBe(false);
  });
});

/** A signature over `message` by a chosen scalar, with parts of the curve's torsion mixed in. */
function craft(parts: {
  readonly scalar: bigint;
  readonly nonce: bigint;
  readonly keyTorsion: Point;
  readonly nonceTorsion: Point;
  readonly message: string;
}): { readonly key: string; readonly signature: Uint8Array } {
  const A = Point.BASE.multiply(parts.scalar).add(parts.keyTorsion);
  const R = Point.BASE.multiply(parts.nonce).add(parts.nonceTorsion);
  const hashed = sha512(
    new Uint8Array(Buffer.concat([R.toBytes(), A.toBytes(), Buffer.from(parts.message)])),
  );
  const k = BigInt(`0x${toHex(hashed.toReversed())}`) % L;
  const s = (parts.nonce + k * parts.scalar) % L;
  return {
    key: A.toHex(),
    signature: new Uint8Array(Buffer.concat([R.toBytes(), littleEndian(s)])),
  };
}

/** The eight points of small order. */
function torsion(): Point[] {
  const eighth = Point.fromBytes(
    fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'),
    true,
  );
  const points = [Point.ZERO];
  for (let at = 1; at < 8; at += 1) points.push((points.at(-1) as Point).add(eighth));
  return points;
}

const scalar = fc.bigInt({ min: 1n, max: L - 1n });

describe('native and portable agree', () => {
  test('on signatures as they should be, and on any one with a byte changed [holds audit.implementations_agree]', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.string({ unit: 'grapheme' }),
        fc.nat({ max: 95 }),
        fc.integer({ min: 1, max: 255 }),
        (seed, message, place, change) => {
          const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
          const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
          const x = privateKey.export({ format: 'jwk' }).x as string;
          const key = new Uint8Array(Buffer.from(x, 'base64url'));
          const signature = new Uint8Array(nativeSign(null, Buffer.from(message), privateKey));
          expect(both(toHex(key), message, signature)).toBe(true);
          expect(nobleVerify(signature, Buffer.from(message), key, { zip215: false })).toBe(true);
          const changed = place < 64 ? signature : key;
          changed[place % 64] = (changed[place % 64] as number) ^ change;
          expect(both(toHex(key), message, signature)).toBe(false);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('where points of small order are mixed in: only what holds without the cofactor is a signature', () => {
    const points = torsion();
    let valid = 0;
    fc.assert(
      fc.property(scalar, scalar, fc.nat({ max: 7 }), fc.nat({ max: 7 }), (secret, nonce, a, r) => {
        const message = 'mixed';
        const { key, signature } = craft({
          scalar: secret,
          nonce,
          keyTorsion: points[a] as Point,
          nonceTorsion: points[r] as Point,
          message,
        });
        const accepted = both(key, message, signature);
        if (a === 0) expect(accepted).toBe(r === 0);
        valid += accepted ? 1 : 0;
      }),
      {
        numRuns: 25,
        examples: [
          [5n, 7n, 0, 0],
          [5n, 7n, 0, 3],
          [5n, 7n, 4, 0],
        ],
      },
    );
    expect(valid).toBeGreaterThan(0);
  });

  test('a key of small order is none, whatever is signed with it', () => {
    for (const point of torsion()) {
      for (const sign of [0, 0x80]) {
        const key = point.toBytes();
        key[31] = (key[31] as number) ^ sign;
        const signature = new Uint8Array(64);
        signature.set(Point.ZERO.toBytes());
        expect(both(toHex(key), 'anything', signature)).toBe(false);
      }
    }
  });

  test('S is below L, and y below p', () => {
    const { key, signature } = craft({
      scalar: 11n,
      nonce: 13n,
      keyTorsion: Point.ZERO,
      nonceTorsion: Point.ZERO,
      message: 'm',
    });
    expect(both(key, 'm', signature)).toBe(true);
    const malleable = signature.slice();
    malleable.set(littleEndian(numberOf(signature.subarray(32)) + L), 32);
    expect(both(key, 'm', malleable)).toBe(false);
    for (let y = 0n; y < 19n; y += 1n) {
      for (const sign of [0n, 1n << 255n]) {
        expect(both(toHex(littleEndian(P + y + sign)), 'm', signature)).toBe(false);
      }
    }
  });

  test('on bytes that are no point, no key and no signature', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 70 }),
        (key, signature) => {
          expect(both(toHex(key), 'm', signature)).toBe(false);
        },
      ),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        (key, signature) => {
          signature[63] = 0;
          expect(both(toHex(key), 'm', signature)).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });
});
