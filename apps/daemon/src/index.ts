import { generateMasterKey as generate } from '@kheish/auth-store';
import { systemRandom } from './platform/system-clock.ts';

export { createRedactor } from '@kheish/auth-store';
export { parseRoutesFile } from '@kheish/route-inventory';
export { createDaemon, type Daemon } from './lifecycle/create-daemon.ts';
export type { DaemonLog, DaemonOptions } from './lifecycle/daemon-options.ts';
export { readRoutesFile } from './config/read-routes-file.ts';
export { createLog } from './log/daemon-log.ts';
export { serve } from './lifecycle/serve.ts';
export {
  type RestoreReport,
  offlineBackup,
  offlineBackups,
  restore,
  verifyBackupAt,
} from './offline/offline-backups.ts';
export {
  offlineExport,
  offlineRelocateKey,
  offlineReplaceLostKey,
  offlineRotateKey,
  offlineVerifyAudit,
} from './offline/offline-audit.ts';
export {
  offlinePrune,
  offlineSecrets,
  offlineVerify,
  type OfflineSecrets,
} from './offline/offline-root.ts';
export { offlineTokens, type OfflineTokens } from './offline/offline-tokens.ts';
export {
  parseCheckpoint,
  verifyDocument,
  verifyExport,
  type AspectReport,
  type SigningKeySource,
  type VerificationReport,
  type VerifyOptions,
} from '@kheish/audit-ledger';
export type {
  MasterKeySource,
  ServeOptions,
  SingleRouteOptions,
  TokenSource,
} from './serve-options.ts';

/** A new master key: base64 of 32 random bytes. */
export function generateMasterKey(): string {
  return generate(systemRandom);
}
