/** Order of the base point, little-endian: 2^252 + 27742317777372353535851937790883648493. */
const L = bytesOf('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
/** 2^255 - 19, little-endian. */
const P = bytesOf('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');

/** The y coordinates of the eight points of small order; with either sign. */
const SMALL_ORDER: readonly Uint8Array[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
].map(bytesOf);

/**
 * What is asked of a key and a signature before any arithmetic, so that every implementation agrees: RFC 8032 section
 * 5.1.7 (S < L, a canonical point), and no key of small order, for which signatures can be made up.
 */
export function isStrictForm(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || !isBelow(signature.subarray(32), L)) return false;
  return isStrictKey(publicKey);
}

/** Whether the bytes may be a public key; not whether they are a point. */
function isStrictKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const y = publicKey.slice();
  y[31] = (y[31] as number) & 0x7f;
  return isBelow(y, P) && !SMALL_ORDER.some((point) => point.every((byte, at) => byte === y[at]));
}

function isBelow(number: Uint8Array, bound: Uint8Array): boolean {
  for (let at = 31; at >= 0; at -= 1) {
    const difference = (number[at] as number) - (bound[at] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
