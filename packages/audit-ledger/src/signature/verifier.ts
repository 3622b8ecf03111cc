import { type Sha256, nativeSha256, portableSha256 } from '../merkle/hashing.ts';
import { verifyNatively } from './native.ts';
import { verifyPortably } from './portable.ts';

/** Ed25519 as RFC 8032 verifies it without the cofactor. `publicKey` in lower-case hex. */
export type VerifySignature = (
  publicKey: string,
  message: string | Uint8Array,
  signature: Uint8Array,
) => boolean;

/** What a verifier computes with: of Node, or of an independent implementation; the two always agree. */
export interface Cryptography {
  readonly sha256: Sha256;
  /** Undefined: signatures are not looked at. */
  readonly verify: VerifySignature | undefined;
}

export function cryptography(
  options: { readonly portable?: boolean; readonly hashesOnly?: boolean } = {},
): Cryptography {
  const verify = options.portable === true ? verifyPortably() : verifyNatively();
  return {
    sha256: options.portable === true ? portableSha256 : nativeSha256,
    verify: options.hashesOnly === true ? undefined : verify,
  };
}
