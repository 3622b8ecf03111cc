import * as v from 'valibot';
import { AuditCheckpoint } from '../audit/checkpoint.ts';
import { DigestText } from '../digest/digest.ts';
import type { StoreVerification } from '../wire/runtime-view.ts';

/** `included`: the backup has it; `left_out`: as it was asked for; `absent`: the root keeps none. */
const BackupSigningKey = v.picklist(['included', 'left_out', 'absent']);

/** What `manifest.json` of a backup says. Written last: a directory without it is no backup. */
export const BackupManifest = v.strictObject({
  format: v.literal('kheish-backup'),
  format_version: v.literal(1),
  backup_id: v.string(),
  created_at_ms: v.number(),
  program_version: v.string(),
  root_id: v.string(),
  schema_version: v.number(),
  /** The newest event that is in it. */
  head_seq: v.number(),
  signing_key: BackupSigningKey,
  /** The record of external actions, as the backup has it. */
  ledger: v.optional(
    v.strictObject({
      entry_count: v.number(),
      /** The newest that was signed; not every entry need be covered by it. */
      checkpoint: v.optional(AuditCheckpoint),
    }),
  ),
  /** Ids of the master keys that its sealed slots need. */
  master_key_ids: v.array(v.string()),
  /** Everything else in the directory, by path. */
  files: v.array(v.strictObject({ path: v.string(), bytes: v.number(), digest: DigestText })),
  /** Of the canonical JSON (RFC 8785) of all the rest. */
  digest: DigestText,
});
export type BackupManifest = v.InferOutput<typeof BackupManifest>;

/** Undefined where the value has not the form of a manifest. */
export function backupManifestOf(value: unknown): BackupManifest | undefined {
  const { success, output } = v.safeParse(BackupManifest, value);
  return success ? output : undefined;
}

/**
 * `incomplete`: left by a kill or still being written by another process; `damaged`: its manifest is not what was
 * written; `failed`: nothing of it is left.
 */
export const BackupState = v.picklist(['running', 'complete', 'incomplete', 'damaged', 'failed']);
export type BackupState = v.InferOutput<typeof BackupState>;

export const BackupView = v.strictObject({
  backup_id: v.string(),
  state: BackupState,
  /** On the daemon's machine. */
  path: v.string(),
  created_at_ms: v.optional(v.number()),
  program_version: v.optional(v.string()),
  root_id: v.optional(v.string()),
  schema_version: v.optional(v.number()),
  head_seq: v.optional(v.number()),
  signing_key: v.optional(BackupSigningKey),
  file_count: v.optional(v.number()),
  bytes: v.optional(v.number()),
  /** Why it failed. */
  detail: v.optional(v.string()),
});
export type BackupView = v.InferOutput<typeof BackupView>;

export const CreateBackupRequest = v.strictObject({
  /** Leaves `audit-signing.key` out. */
  without_signing_key: v.optional(v.boolean()),
});
export type CreateBackupRequest = v.InferOutput<typeof CreateBackupRequest>;

/** What was found of a backup. `ok` means that every check found nothing. */
export interface BackupVerification {
  readonly ok: boolean;
  readonly path: string;
  /** Absent where the manifest cannot be used. */
  readonly backup?: BackupView;
  /** What its journal, tables and texts hold; absent where they were not looked at. */
  readonly store?: Omit<StoreVerification, 'findings' | 'ok'>;
  /** The record of external actions, recomputed; absent where it was not looked at. */
  readonly ledger?: {
    readonly entry_count: number;
    readonly root_hash?: string;
    /** Of the keys that signed it, the one that it goes on with last. */
    readonly key_ids: readonly string[];
  };
  /** What could not be established, and why. */
  readonly not_checked: readonly string[];
  readonly findings: StoreVerification['findings'];
}
