export { tokenDigest, tokenMatches } from './api-token/api-token.ts';
export { MasterKey, generateMasterKey } from './master-key/master-key.ts';
export { readMasterKey, type MasterKeySource } from './master-key/read-master-key.ts';
export { createRedactor, type Redactor } from './redaction/redactor.ts';
export { createSlotSealer, type SlotSealer } from './sealing/slot-sealer.ts';
export { credentialsOf, type Credentials } from './slots/credentials.ts';
export {
  decideDeleteSlot,
  decideSetSlot,
  type LoadedSlot,
  type SlotWrite,
} from './slots/decide-slot.ts';
export { secretValue, type SecretSource } from './slots/secret-value.ts';
export { SecretStore } from './slots/secret-store.ts';
export { statusOf } from './slots/slot-status.ts';
export { writeFingerprint } from './slots/write-fingerprint.ts';
