import { describe, expect, test } from 'vitest';
import { digestOfBytes, digestOfJson, digestOfText, hmacOfText } from './digest.ts';

describe('digests', () => {
  test('are SHA-256 with its name before it (FIPS 180-4, "abc")', () => {
    const abc = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(digestOfText('abc')).toBe(abc);
    expect(digestOfBytes(new Uint8Array([0x61, 0x62, 0x63]))).toBe(abc);
  });

  test('of a text are those of its UTF-8', () => {
    for (const text of ['', 'é', '€', '🙂', '\ufeffx']) {
      expect(digestOfText(text)).toBe(digestOfBytes(new TextEncoder().encode(text)));
    }
    expect(digestOfText('é')).toBe(
      'sha256:4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c',
    );
  });

  test('of a value do not depend on the order of its names', () => {
    expect(digestOfJson({ a: 1, b: [2] })).toBe(digestOfJson({ b: [2], a: 1 }));
    expect(digestOfJson({ a: 1, b: [2] })).toBe(digestOfText('{"a":1,"b":[2]}'));
    expect(digestOfJson([1, 2])).not.toBe(digestOfJson([2, 1]));
  });

  test('with a key are HMAC-SHA-256', () => {
    // RFC 4231, test case 2.
    const key = new TextEncoder().encode('Jefe');
    expect(hmacOfText(key, 'what do ya want for nothing?')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
    // RFC 4231, test case 6: a key longer than a block.
    expect(
      hmacOfText(
        new Uint8Array(131).fill(0xaa),
        'Test Using Larger Than Block-Size Key - Hash Key First',
      ),
    ).toBe('60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54');
  });
});
