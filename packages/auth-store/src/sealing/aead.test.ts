import { describe, expect, test } from 'vitest';
import { loadAead } from './aead.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

describe('draft-irtf-cfrg-xchacha-03 appendix A.3', async () => {
  const aead = await loadAead();
  const plaintext = new TextEncoder().encode(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const ad = hex('50515253c0c1c2c3c4c5c6c7');
  const key = hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
  const nonce = hex('404142434445464748494a4b4c4d4e4f5051525354555657');
  const ciphertext = hex(
    'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb' +
      '731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452' +
      '2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9' +
      '21f9664c97637da9768812f615c68b13b52e' +
      'c0875924c1c7987947deafd8780acf49',
  );

  test('encrypts', () => {
    expect(aead.encrypt(key, nonce, plaintext, ad)).toEqual(ciphertext);
  });

  test('decrypts, and nothing that differs', () => {
    expect(aead.decrypt(key, nonce, ciphertext, ad)).toEqual(plaintext);
    expect(aead.decrypt(key, nonce, ciphertext, ad.subarray(1))).toBeUndefined();
    expect(aead.decrypt(key, nonce.subarray(1), ciphertext, ad)).toBeUndefined();
    expect(aead.decrypt(key, nonce, ciphertext.subarray(0, 15), ad)).toBeUndefined();
    expect(aead.decrypt(nonce, nonce, ciphertext, ad)).toBeUndefined();
  });
});
