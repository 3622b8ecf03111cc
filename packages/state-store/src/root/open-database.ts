import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { migrate, refuseNewer } from '../schema/migrate.ts';
import { storageError } from './storage-error.ts';

export const DATABASE_FILE = 'kheish.db';

/** Milliseconds that a start waits for another program which reads or copies the database. */
const OPENING_TIMEOUT_MS = 5_000;

/**
 * The same while the daemon runs, where nothing else happens meanwhile. Only a stranger can hold the lock: whoever
 * writes by right holds the root's lock, and readers hold nobody up.
 */
const BUSY_TIMEOUT_MS = 50;

/** Beyond what a log has that is folded into the database each 1,000 pages. */
const LOG_BYTES = 16 * 1024 * 1024;

/** Opens the root's database for writing, durable at each commit, at the newest schema. */
export function openDatabase(root: string): Database.Database {
  const file = join(root, DATABASE_FILE);
  let db: Database.Database | undefined;
  try {
    // Before SQLite makes it: nobody else may read it, and the log beside it takes over its mode.
    closeSync(openSync(file, 'a', 0o600));
    db = new Database(file, { timeout: OPENING_TIMEOUT_MS });
    refuseNewer(db, root);
    configure(db);
    migrate(db, file);
    settleDown(db);
    return db;
  } catch (error) {
    db?.close();
    throw storageError(error, `The database ${file} cannot be opened`);
  }
}

/**
 * A second connection to a database that is open here already. It must exist: an empty one in its place would be
 * taken for the root. And nothing but SQLite may open the file, or the first connection loses its locks.
 */
export function connectAgain(root: string): Database.Database {
  const db = new Database(join(root, DATABASE_FILE), { timeout: 0, fileMustExist: true });
  try {
    configure(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** From now on it waits for others as a daemon may that runs. */
export function settleDown(db: Database.Database): void {
  db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
}

/** Folds the log into the database. False while another connection reads from the log. */
export function emptyLog(db: Database.Database): boolean {
  return db.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) === 0;
}

function configure(db: Database.Database): void {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  // A log that grew under a long reader, as a backup is one, shrinks again when it begins anew.
  db.pragma(`journal_size_limit = ${LOG_BYTES}`);
  // A savepoint of a large commit would go through a temporary file.
  db.pragma('temp_store = MEMORY');
  // What is deleted is overwritten: an erased session must not survive in free pages.
  db.pragma('secure_delete = ON');
}
