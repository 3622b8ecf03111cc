import {
  closeSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type BackupManifest, type BackupVerification, KheishError } from '@kheish/core-model';
import Database from 'better-sqlite3';
import { requireLocalFileSystem } from '../root/local-file-system.ts';
import { makeDirectory } from '../root/make-directory.ts';
import { DATABASE_FILE } from '../root/open-database.ts';
import { knownSchemaVersion } from '../schema/migrate.ts';
import { MANIFEST_FILE } from './backup-layout.ts';
import { copyDurably, openFile, syncDirectory } from './durable-files.ts';
import { readManifest } from './manifest.ts';
import { type CheckLedger, verifyBackup } from './verify-backup.ts';

export interface RestoreRequest {
  readonly backup: string;
  /** A path that is not there yet, or an empty directory. */
  readonly stateRoot: string;
  readonly atMs: number;
}

export interface RestoredRoot {
  readonly stateRoot: string;
  readonly manifest: BackupManifest;
  readonly verification: BackupVerification;
}

/**
 * Makes a state root of a backup. All of it is copied beside its place and verified there; only then it gets its name.
 * Throws `backups/backup_invalid`, `storage/root_newer` or `storage/root_unusable`, and leaves nothing.
 */
export async function restoreBackup(
  request: RestoreRequest,
  checkLedger?: CheckLedger,
): Promise<RestoredRoot> {
  const stateRoot = resolve(request.stateRoot);
  const backup = resolve(request.backup);
  const manifest = readManifest(backup);
  refuseNewer(backup, manifest);
  let target = prepare(stateRoot, manifest.backup_id);
  try {
    copyFiles(backup, target, manifest);
    const verification = await verifyBackup(target, checkLedger);
    if (!verification.ok) {
      const [first] = verification.findings;
      throw new KheishError(
        'backups/backup_invalid',
        `${backup} is not a good backup: ${first?.subject}: ${first?.message}. Nothing was restored; backup verify tells more.`,
      );
    }
    mark(join(target, DATABASE_FILE), manifest, request.atMs);
    rmSync(join(target, MANIFEST_FILE));
    syncDirectory(target);
    renameSync(target, stateRoot);
    target = stateRoot;
    syncDirectory(dirname(stateRoot));
    return { stateRoot, manifest, verification };
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error instanceof KheishError ? error : unusable(stateRoot, error);
  }
}

function refuseNewer(backup: string, { schema_version: version }: BackupManifest): void {
  const known = knownSchemaVersion();
  if (version <= known) return;
  throw new KheishError(
    'storage/root_newer',
    `The backup ${backup} has schema ${version}; this program knows schemas up to ${known}. Restore it with the newer program.`,
  );
}

/** The directory beside the root that is to be; what an earlier attempt of the same left goes. */
function prepare(stateRoot: string, backupId: string): string {
  try {
    if (existsSync(stateRoot) && !(statSync(stateRoot).isDirectory() && isEmpty(stateRoot))) {
      throw new Error('it is there already, and is not an empty directory');
    }
    const parent = dirname(stateRoot);
    makeDirectory(parent, 0o700);
    requireLocalFileSystem(parent);
    const target = join(parent, `.${basename(stateRoot)}.restoring-${backupId}`);
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { mode: 0o700 });
    return target;
  } catch (error) {
    throw error instanceof KheishError ? error : unusable(stateRoot, error);
  }
}

function isEmpty(directory: string): boolean {
  return readdirSync(directory).length === 0;
}

function copyFiles(backup: string, target: string, { files }: BackupManifest): void {
  for (const path of [...files.map((file) => file.path), MANIFEST_FILE]) {
    const to = join(target, path);
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    let from: number;
    try {
      from = openFile(join(backup, path));
    } catch (error) {
      throw new KheishError(
        'backups/backup_invalid',
        `${backup} is not a good backup: ${(error as Error).message}.`,
      );
    }
    try {
      copyDurably(from, to);
    } finally {
      closeSync(from);
    }
  }
  for (const name of ['assets', 'tasks']) {
    if (existsSync(join(target, name))) syncDirectory(join(target, name));
  }
}

/** The first start on it sees that it was restored, and numbers what comes apart from what came after the backup. */
function mark(file: string, manifest: BackupManifest, atMs: number): void {
  const db = new Database(file, { fileMustExist: true });
  try {
    db.pragma('synchronous = FULL');
    db.prepare(`INSERT OR REPLACE INTO root_facts (name, value) VALUES ('restored_from', ?)`).run(
      JSON.stringify({
        backup_id: manifest.backup_id,
        head_seq: manifest.head_seq,
        restored_at_ms: atMs,
      }),
    );
  } finally {
    db.close();
  }
}

function unusable(stateRoot: string, cause: unknown): KheishError {
  return new KheishError(
    'storage/root_unusable',
    `The state root ${stateRoot} cannot be restored: ${(cause as Error).message}`,
    { cause },
  );
}
