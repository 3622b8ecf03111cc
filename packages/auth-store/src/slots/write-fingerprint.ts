import { canonicalJson, hmacOfText, type AuthSlotRecord } from '@kheish/core-model';
import type { MasterKey } from '../master-key/master-key.ts';

/**
 * Tells whether two writes carry the same record. Keyed, so that what idempotency stores of a request gives no
 * handle to guess a weak secret with.
 */
export function writeFingerprint(masterKey: MasterKey, record: AuthSlotRecord): string {
  return hmacOfText(masterKey.fingerprintKey(), canonicalJson(record));
}
