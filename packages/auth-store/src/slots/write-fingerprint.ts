import { canonicalJson, hmacOfText, type AuthSlotRecord } from '@kheish/core-model';

/**
 * Tells whether two writes carry the same. Keyed, so that what idempotency stores of a request gives no handle to
 * guess a weak secret with.
 */
export function writeFingerprint(
  key: Uint8Array,
  written: AuthSlotRecord | { readonly records: readonly AuthSlotRecord[]; replace: boolean },
): string {
  return hmacOfText(key, canonicalJson(written));
}

/**
 * What leads from the key of another master key to this one. Of two keys that nobody knows it tells nothing; with it
 * fingerprints stay what they are when the master key changes.
 */
export function bridgeOf(from: Uint8Array, to: Uint8Array): string {
  return Buffer.from(from.map((byte, index) => byte ^ (to[index] ?? 0))).toString('hex');
}

export function acrossBridge(from: Uint8Array, bridge: string | undefined): Uint8Array {
  const way = Buffer.from(bridge ?? '', 'hex');
  return from.map((byte, index) => byte ^ (way[index] ?? 0));
}
