export { backupAtRest } from './backup/backup-at-rest.ts';
export type { BackupRequest } from './backup/create-backup.ts';
export { findBackup, listBackups, viewOfBackup } from './backup/list-backups.ts';
export { type RestoredRoot, restoreBackup } from './backup/restore-backup.ts';
export { type CheckLedger, verifyBackup } from './backup/verify-backup.ts';
export {
  FILE_BLOB_BYTES,
  type BlobRow,
  type BlobStore,
  type PreparedBody,
} from './blobs/blob-store.ts';
export type { Authority, SlotHold, StoredLease } from './commit/authority.ts';
export type { RecordedRow } from './commit/append.ts';
export type {
  Command,
  IdempotencyRequest,
  Load,
  LoadedSlot,
  RootFact,
  OnceCommand,
  OnceResult,
  RunningRuns,
  StoredAnswer,
  WorkingState,
} from './commit/command.ts';
export type { StoreRedactor } from './commit/redaction.ts';
export type { FeedListener, JournalFeed, Page, PageOptions } from './journal/feed.ts';
export type { Ledger } from './ledger/ledger.ts';
export type {
  LedgerCheckpoint,
  LedgerEntry,
  LedgerRow,
  LedgerSealer,
  LedgerSubtree,
} from './ledger/sealed-entry.ts';
export { chainOf } from './ledger/ledger-writer.ts';
export type {
  ListedFailure,
  ListedRun,
  ListedTask,
  Reads,
  TranscriptEntry,
} from './reads/reads.ts';
export { makeDirectory } from './root/make-directory.ts';
export {
  openStore,
  type Incarnation,
  type RootFacts,
  type Store,
  type StoreOptions,
} from './store.ts';
export type { OutputRange, TaskOutputFiles } from './task-output/task-output-files.ts';
export type { StoreReport } from './verify/verify-store.ts';
