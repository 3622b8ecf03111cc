import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { KheishError } from '@kheish/core-model';
import Database from 'better-sqlite3';
import { migrate, refuseNewer } from '../schema/migrate.ts';

export const DATABASE_FILE = 'kheish.db';

/** Opens the root's database for writing, durable at each commit, at the newest schema. */
export function openDatabase(root: string): Database.Database {
  const file = join(root, DATABASE_FILE);
  let db: Database.Database | undefined;
  try {
    // Before SQLite makes it: nobody else may read it, and the log beside it takes over its mode.
    closeSync(openSync(file, 'a', 0o600));
    db = new Database(file, { timeout: 5_000 });
    refuseNewer(db, root);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    // What is deleted is overwritten: an erased session must not survive in free pages.
    db.pragma('secure_delete = ON');
    migrate(db, file);
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof KheishError) throw error;
    throw storageError(
      error,
      `The database ${file} cannot be opened; restore its root from a backup, or choose another --state-root`,
    );
  }
}

/** An error of SQLite as one of ours; the code decides which. */
export function storageError(error: unknown, what: string): KheishError {
  const code = (error as { code?: string }).code ?? '';
  const detail = `${what}: ${(error as Error).message}`;
  const broken = code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB');
  return new KheishError(broken ? 'storage/corrupt' : 'storage/storage_unavailable', detail, {
    cause: error,
  });
}
