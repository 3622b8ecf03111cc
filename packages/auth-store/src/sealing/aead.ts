/** XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03); the 16-byte tag ends the ciphertext. */
export interface Aead {
  encrypt(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, ad: Uint8Array): Uint8Array;
  /** Undefined where the tag does not fit, or a length. */
  decrypt(
    key: Uint8Array,
    nonce: Uint8Array,
    ciphertext: Uint8Array,
    ad: Uint8Array,
  ): Uint8Array | undefined;
}

export const NONCE_BYTES = 24;

/** Loads libsodium on first use: a daemon without secrets starts without it. */
export async function loadAead(): Promise<Aead> {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  return {
    encrypt: (key, nonce, plaintext, ad) =>
      sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, ad, null, nonce, key),
    decrypt: (key, nonce, ciphertext, ad) => {
      try {
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, ciphertext, ad, nonce, key);
      } catch {
        return undefined;
      }
    },
  };
}
