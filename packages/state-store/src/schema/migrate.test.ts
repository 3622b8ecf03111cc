import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, test } from 'vitest';
import { accepted, conversation, created, recording } from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import { knownSchemaVersion } from './migrate.ts';
import { migrations } from './migrations.ts';

const known = [...migrations];

afterEach(() => {
  (migrations as string[]).splice(0, Infinity, ...known);
});

/** Gives the program one more migration than it has. */
function addMigration(sql: string): void {
  (migrations as string[]).push(sql);
}

async function olderRoot(root: TemporaryRoot): Promise<number> {
  const before = root.open();
  await before.commit(recording('s', created('s')));
  await before.close();
  return knownSchemaVersion();
}

describe('a root of an older program', () => {
  test('is copied aside, then brought to the newest schema', async () => {
    await using root = new TemporaryRoot();
    const old = await olderRoot(root);
    addMigration('CREATE TABLE more (a);--> statement-breakpoint\nINSERT INTO more VALUES (7)');
    const store = root.open();

    expect(store.root.schemaVersion).toBe(old + 1);
    expect(root.rows('SELECT a FROM more')).toEqual([{ a: 7 }]);
    expect(store.read.session('s')).toBeDefined();
    const copy = new Database(root.at(`kheish.db.before-schema-${old + 1}`), { readonly: true });
    expect(copy.pragma('user_version', { simple: true })).toBe(old);
    expect(copy.prepare('SELECT session_id FROM sessions').all()).toEqual([{ session_id: 's' }]);
    copy.close();
  });

  test('gets counts of the sessions and runs that it has', async () => {
    await using root = new TemporaryRoot();
    const before = root.open();
    await before.commit(recording('s', created('s')));
    await before.commit(conversation('s', 'run_1', 'question', 'answer'));
    await before.commit(recording('s', accepted('s', 'run_2')));
    const counts = before.read.runCounts();
    expect(counts).toEqual([
      { status: 'completed', count: 1 },
      { status: 'queued', count: 1 },
    ]);
    await before.close();
    root.sql(
      'DROP TABLE tallies',
      'DROP INDEX sessions_listed',
      'DROP TABLE runtime_revisions',
      'DROP TABLE day_spending',
      'DROP INDEX runs_asking',
      'ALTER TABLE runs DROP COLUMN pending',
      'DROP TABLE session_tasks',
      'DROP TABLE api_tokens',
      'DROP TABLE auth_failures',
      'DROP TABLE ledger_entries',
      'DROP TABLE ledger_checkpoints',
      'DROP TABLE ledger_subtrees',
      'DROP TABLE auth_subjects',
      'DROP TABLE revoked_slots',
      'DROP TABLE credential_leases',
      'ALTER TABLE secret_slots DROP COLUMN details',
      `UPDATE runs SET state = json_remove(state, '$.approvals', '$.questions')`,
      'PRAGMA user_version = 1',
    );

    const store = root.open();
    expect([store.read.sessionCount(), store.read.runCounts()]).toEqual([1, counts]);
    expect((await store.verify()).findings).toEqual([]);
  });

  test('keeps the old schema and all its rows where a migration fails half way', async () => {
    await using root = new TemporaryRoot();
    const old = await olderRoot(root);
    addMigration('DELETE FROM sessions;--> statement-breakpoint\nINSERT INTO nowhere VALUES (7)');
    expect(() => root.open()).toThrow(
      expect.objectContaining({ code: 'storage/storage_unavailable' }),
    );
    (migrations as string[]).splice(known.length);
    const store = root.open();
    expect(store.root.schemaVersion).toBe(old);
    expect(store.read.session('s')).toBeDefined();
  });
});

describe('a root of a newer program', () => {
  test('is refused with what to do, and stays as it is', async () => {
    await using root = new TemporaryRoot();
    const before = root.open();
    await before.commit(recording('s', created('s')));
    await before.close();
    const newer = knownSchemaVersion() + 1;
    root.sql(`PRAGMA journal_mode = DELETE`, `PRAGMA user_version = ${newer}`);
    const bytes = readFileSync(root.at('kheish.db'));

    expect(() => root.open()).toThrow(
      expect.objectContaining({
        code: 'storage/root_newer',
        message: `The state root ${root.path} has schema ${newer}; this program knows schemas up to ${newer - 1}. Run the newer program that wrote it, or restore a backup from before.`,
      }),
    );
    expect(readFileSync(root.at('kheish.db')).equals(bytes)).toBe(true);
    expect(readdirSync(root.path).toSorted()).toEqual(['daemon.lock', 'kheish.db']);

    root.sql(`PRAGMA user_version = ${newer - 1}`);
    expect(root.open().read.session('s')).toBeDefined();
  });
});

describe('a file that is no database', () => {
  test('is refused as corrupt, and stays as it is', async () => {
    await using root = new TemporaryRoot();
    await root.open().close();
    writeFileSync(root.at('kheish.db'), 'not a database, but as long as one '.repeat(100));
    const bytes = readFileSync(root.at('kheish.db'));
    expect(() => root.open()).toThrow(expect.objectContaining({ code: 'storage/corrupt' }));
    expect(readFileSync(root.at('kheish.db')).equals(bytes)).toBe(true);
  });
});

describe('a new root', () => {
  test('has the newest schema at once, and keeps no copy of nothing', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    expect(store.root.schemaVersion).toBe(knownSchemaVersion());
    expect(readdirSync(root.path).filter((name) => name.includes('before-schema'))).toEqual([]);
  });
});
