export { Checkpointer, type CheckpointerOptions } from './checkpoint/checkpointer.ts';
export type { LedgerReads } from './checkpoint/kept-tree.ts';
export { parseCheckpoint, shownCheckpoint } from './checkpoint/statement.ts';
export { exportText, type ExportOptions } from './export/write-export.ts';
export { KEY_FILE } from './keys/key-file.ts';
export {
  openSigningKey,
  type OpenKeyOptions,
  type OpenedKey,
  type SigningKeySource,
} from './keys/open-key.ts';
export { SigningKey } from './keys/signing-key.ts';
export {
  lostKey,
  prepareKey,
  relocateKey,
  replaceLostKey,
  rotateKey,
  type MovedKey,
  type RotatedKey,
} from './keys/move-key.ts';
export { findAction } from './proof/find-entries.ts';
export { proveEntry } from './proof/make-proof.ts';
export { createLedgerSealer, recordOf } from './seal/seal.ts';
export type { AspectReport, Note, VerificationReport } from './verify/report.ts';
export { verifyExport, type VerifyOptions } from './verify/verify-export.ts';
export { verifyDocument } from './verify/verify-proof.ts';
export { verifyLedger, type LedgerVerifyOptions } from './verify/verify-ledger.ts';
