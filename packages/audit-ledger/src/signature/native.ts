import { type KeyObject, createPublicKey, verify } from 'node:crypto';
import { fromHex } from '../merkle/hashing.ts';
import { isStrictForm } from './strict-form.ts';
import type { VerifySignature } from './verifier.ts';

/** By node:crypto. Remembers the keys it has seen. */
export function verifyNatively(): VerifySignature {
  const keys = new Map<string, KeyObject>();
  return (publicKey, message, signature) => {
    const bytes = fromHex(publicKey);
    if (!isStrictForm(bytes, signature)) return false;
    let key = keys.get(publicKey);
    if (key === undefined) {
      const x = Buffer.from(bytes).toString('base64url');
      key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
      keys.set(publicKey, key);
    }
    return verify(null, Buffer.from(message), key, signature);
  };
}
