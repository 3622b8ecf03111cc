import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BackupManifest, type BackupView, KheishError } from '@kheish/core-model';
import { idOfPartial, isBackupId } from './backup-layout.ts';
import { bytesOf } from './create-backup.ts';
import { readManifest } from './manifest.ts';

/** What a directory has of backups, oldest first. A directory that is not there has none. */
export function listBackups(directory: string): BackupView[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new KheishError(
      'backups/backup_failed',
      `The backup directory cannot be read: ${(error as Error).message}`,
      { cause: error },
    );
  }
  return names
    .flatMap((name) => backupAt(directory, name) ?? [])
    .toSorted((a, b) => (a.backup_id < b.backup_id ? -1 : 1));
}

/** The backup of this id; undefined where there is none. */
export function findBackup(directory: string, backupId: string): BackupView | undefined {
  return isBackupId(backupId) ? backupAt(directory, backupId) : undefined;
}

function backupAt(directory: string, name: string): BackupView | undefined {
  const path = join(resolve(directory), name);
  const partial = idOfPartial(name);
  if (partial !== undefined) {
    return { backup_id: partial.backupId, state: 'incomplete', path, root_id: partial.rootId };
  }
  if (!isBackupId(name) || statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return undefined;
  }
  try {
    return viewOfBackup(readManifest(path), path);
  } catch (error) {
    if (!(error instanceof KheishError)) throw error;
    return { backup_id: name, state: 'damaged', path, detail: error.message };
  }
}

export function viewOfBackup(manifest: BackupManifest, path: string): BackupView {
  return {
    backup_id: manifest.backup_id,
    state: 'complete',
    path,
    created_at_ms: manifest.created_at_ms,
    program_version: manifest.program_version,
    root_id: manifest.root_id,
    schema_version: manifest.schema_version,
    head_seq: manifest.head_seq,
    signing_key: manifest.signing_key,
    file_count: manifest.files.length,
    bytes: bytesOf(manifest),
  };
}
