import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import {
  type BackupVerification,
  type BackupView,
  KHEISH_VERSION,
  KheishError,
  idFactory,
} from '@kheish/core-model';
import {
  backupAtRest,
  listBackups,
  restoreBackup,
  verifyBackup,
  viewOfBackup,
} from '@kheish/state-store';
import { checkLedger } from '../backup/check-ledger.ts';
import { systemClock, systemRandom } from '../platform/system-clock.ts';

/** What a restored root is, and what a daemon on it needs. */
export interface RestoreReport {
  readonly state_root: string;
  readonly backup_id: string;
  readonly created_at_ms: number;
  readonly root_id: string;
  readonly schema_version: number;
  readonly head_seq: number;
  /** Sealed slots open only with the master keys of these ids. */
  readonly needs_master_keys: readonly string[];
  /** The record of external actions, recomputed. It goes on with the last of its keys. */
  readonly ledger: BackupVerification['ledger'];
  readonly notes: readonly string[];
}

/** Copies a root that no daemon serves into a new directory of `directory`. */
export async function offlineBackup(options: {
  readonly stateRoot: string;
  readonly directory: string;
  readonly withoutSigningKey: boolean;
}): Promise<BackupView> {
  const { stateRoot, withoutSigningKey } = options;
  const directory = resolve(options.directory);
  const root = resolve(stateRoot);
  if (`${directory}${sep}`.startsWith(`${root}${sep}`)) {
    throw new KheishError(
      'config/invalid_configuration',
      `A backup inside the state root ${root} is lost with it. Choose another directory.`,
    );
  }
  const backupId = idFactory(systemClock, systemRandom)('backup');
  const createdAtMs = systemClock.now();
  const manifest = await backupAtRest(stateRoot, KHEISH_VERSION, {
    directory,
    backupId,
    createdAtMs,
    withoutSigningKey,
  });
  return viewOfBackup(manifest, join(directory, backupId));
}

export function offlineBackups(directory: string): BackupView[] {
  return listBackups(directory);
}

export function verifyBackupAt(path: string): Promise<BackupVerification> {
  return verifyBackup(existing(path), checkLedger);
}

/** Makes a new state root of a backup. */
export async function restore(options: {
  readonly backup: string;
  readonly stateRoot: string;
}): Promise<RestoreReport> {
  const request = {
    backup: existing(options.backup),
    stateRoot: options.stateRoot,
    atMs: systemClock.now(),
  };
  const { stateRoot, manifest, verification } = await restoreBackup(request, checkLedger);
  const { backup_id, created_at_ms, root_id, schema_version, head_seq } = manifest;
  return {
    state_root: stateRoot,
    backup_id,
    created_at_ms,
    root_id,
    schema_version,
    head_seq,
    needs_master_keys: manifest.master_key_ids,
    ledger: verification.ledger,
    notes: [
      ...verification.not_checked.map((what) => `Not checked: ${what}.`),
      `It has the root id of the root it was copied from: never run daemons on both.`,
      `What happened after the backup is not known to it: unfinished runs go on from there.`,
      ...signingKeyNote[manifest.signing_key],
    ],
  };
}

const signingKeyNote = {
  included: [],
  absent: [
    'The audit was signed with a key from elsewhere, or never: a daemon with a ledger needs its last key.',
  ],
  left_out: [
    'audit-signing.key was left out of the backup: a daemon needs the last key of the ledger, put there or given to it.',
  ],
} as const;

function existing(path: string): string {
  if (existsSync(path)) return path;
  throw new KheishError('backups/backup_not_found', `There is no backup at ${path}.`);
}
