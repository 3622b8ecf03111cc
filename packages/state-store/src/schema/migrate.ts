import { existsSync, rmSync } from 'node:fs';
import { KheishError } from '@kheish/core-model';
import type { Database } from 'better-sqlite3';
import { migrations } from './migrations.ts';

/** The newest schema this program knows: the number of its migrations. */
export function knownSchemaVersion(): number {
  return migrations.length;
}

export function schemaVersionOf(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

/** Refuses a database written by a newer program. */
export function refuseNewer(db: Database, root: string): void {
  const version = schemaVersionOf(db);
  const known = knownSchemaVersion();
  if (version <= known) return;
  throw new KheishError(
    'storage/root_newer',
    `The state root ${root} has schema ${version}; this program knows schemas up to ${known}. Run the newer program that wrote it, or restore a backup from before.`,
  );
}

/** Brings the database to the newest schema; an existing one is copied aside first. */
export function migrate(db: Database, databaseFile: string): void {
  const from = schemaVersionOf(db);
  const pending = migrations.slice(from);
  if (pending.length === 0) return;
  if (from > 0) snapshot(db, `${databaseFile}.before-schema-${from + pending.length}`);
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const migration of pending) {
      for (const statement of migration.split('--> statement-breakpoint')) db.exec(statement);
    }
    db.pragma(`user_version = ${from + pending.length}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function snapshot(db: Database, file: string): void {
  if (existsSync(file)) rmSync(file);
  db.prepare('VACUUM INTO ?').run(file);
}
