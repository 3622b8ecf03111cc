import { KheishError, type NewId } from '@kheish/core-model';
import type { Database } from 'better-sqlite3';
import type { Connection } from './connection.ts';
import { connectAgain, emptyLog, settleDown } from './open-database.ts';

export interface KnownRoot {
  readonly root: string;
  readonly rootId: string;
  /** The newest event that followers were given. */
  readonly published: number;
  /** SQLite called it damaged: it is looked through before it is written again. */
  readonly suspect: boolean;
  readonly atMs: number;
}

export function rootIdOf(db: Database, newId: NewId): string {
  db.prepare(`INSERT OR IGNORE INTO root_facts (name, value) VALUES ('root_id', ?)`).run(
    newId('root'),
  );
  return factOf(db, 'root_id') ?? '';
}

/**
 * Goes over to a new connection once that has proven that the disk takes writes; gives the newest event there is.
 * The old connection stays open meanwhile: with it the index of the log stays, which a failed commit never
 * reached. So that commit is gone for good, and is not found again by reading a log which is not on the disk.
 */
export function reopen(connection: Connection, known: KnownRoot): number {
  const db = connectAgain(known.root);
  try {
    const { head } = db
      .prepare<[], { head: number }>('SELECT coalesce(max(seq), 0) head FROM journal')
      .get() ?? { head: 0 };
    if (factOf(db, 'root_id') !== known.rootId || head < known.published) {
      throw new KheishError(
        'storage/corrupt',
        `The database of ${known.root} was replaced while the daemon ran. Restart the daemon.`,
      );
    }
    if (known.suspect && db.pragma('quick_check(1)', { simple: true }) !== 'ok') {
      throw new KheishError(
        'storage/corrupt',
        `The database of ${known.root} is damaged. Stop the daemon and restore its state root from a backup.`,
      );
    }
    emptyLog(db);
    db.prepare(`INSERT OR REPLACE INTO root_facts (name, value) VALUES ('reopened_at_ms', ?)`).run(
      String(known.atMs),
    );
    settleDown(db);
    connection.replace(db);
    return head;
  } catch (error) {
    db.close();
    throw error;
  }
}

function factOf(db: Database, name: string): string | undefined {
  const fact = db.prepare<[string], { value: string }>(
    'SELECT value FROM root_facts WHERE name = ?',
  );
  return fact.get(name)?.value;
}
