import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BackupManifest, KheishError } from '@kheish/core-model';
import type { Database } from 'better-sqlite3';
import { DATABASE_FILE } from '../root/open-database.ts';
import { lockRoot } from '../root/root-lock.ts';
import { storageError } from '../root/storage-error.ts';
import { refuseNewer } from '../schema/migrate.ts';
import { openToCopy } from './copy-root.ts';
import { type BackupRequest, createBackup } from './create-backup.ts';

/** Copies a root that no daemon serves, as it is: it is neither migrated nor written to. */
export async function backupAtRest(
  stateRoot: string,
  version: string,
  request: BackupRequest,
): Promise<BackupManifest> {
  if (!existsSync(join(stateRoot, DATABASE_FILE))) {
    throw new KheishError('storage/root_unusable', `There is no state root at ${stateRoot}.`);
  }
  const lock = lockRoot(stateRoot, version);
  try {
    const rootId = rootIdOf(lock.root);
    return await createBackup({ root: lock.root, rootId, version, live: false }, request);
  } finally {
    lock.release();
  }
}

function rootIdOf(root: string): string {
  let db: Database | undefined;
  try {
    db = openToCopy(root);
    refuseNewer(db, root);
    const fact = db.prepare<[], string>(`SELECT value FROM root_facts WHERE name = 'root_id'`);
    return fact.pluck().get() ?? '';
  } catch (error) {
    throw storageError(error, `The state root ${root} cannot be read`);
  } finally {
    db?.close();
  }
}
