import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { KheishError } from '@kheish/core-model';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../root/open-database.ts';
import type { Store } from '../store.ts';
import { created, recording } from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';

const record = (store: Store, id: string) => store.commit(recording(id, created(id)));

/** Resolves when all that the event loop has to do is done. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const unavailable = { code: 'storage/storage_unavailable', retryAfterMs: 1_000 };

/** A store whose next commits fail as they do where the disk does not take them. */
function openBreaking(root: TemporaryRoot) {
  let left = 0;
  const store = root.open({
    reach: (point) => {
      if (point !== 'commit.applied' || left === 0) return;
      left -= 1;
      throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
    },
  });
  const breakNext = async (id: string) => {
    left = 1;
    await expect(record(store, id)).rejects.toMatchObject(unavailable);
  };
  return { store, breakNext };
}

/** As another program does that writes to the database behind our back. */
function holdWriteLock(root: TemporaryRoot): () => void {
  const db = new Database(root.at('kheish.db'));
  db.exec('BEGIN IMMEDIATE');
  return () => db.close();
}

describe('a store whose disk fails', () => {
  test('refuses writes and goes on reading until it has opened anew, without being asked', async () => {
    await using root = new TemporaryRoot();
    const { store, breakNext } = openBreaking(root);
    await record(store, 'before');
    await breakNext('lost');
    expect(store.failure()).toMatchObject(unavailable);
    await expect(record(store, 'refused')).rejects.toBe(store.failure());
    expect(store.read.session('before')).toBeDefined();

    root.clock.advance(100);
    await turn();
    expect(store.failure()).toBeUndefined();
    await record(store, 'after');
    expect(store.read.sessions({ limit: 9 }).map((session) => session.session_id)).toEqual([
      'after',
      'before',
    ]);
    expect((await store.verify()).findings).toEqual([]);
  });

  test('is tried again ever less often, and after a commit as often as at first', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const failedFor = async () => {
      const release = holdWriteLock(root);
      await expect(record(store, 'a')).rejects.toMatchObject(unavailable);
      const tries: number[] = [];
      for (let waited = 0; tries.length < 8; waited += 100) {
        const before = store.failure();
        root.clock.advance(100);
        await turn();
        if (store.failure() !== before) tries.push(waited + 100);
      }
      release();
      root.clock.advance(5_000);
      await turn();
      return tries;
    };
    const tries = [100, 300, 700, 1_500, 3_100, 6_300, 11_300, 16_300];
    expect(await failedFor()).toEqual(tries);
    expect(store.failure()).toBeUndefined();
    await record(store, 'b');
    expect(await failedFor()).toEqual(tries);
    await record(store, 'c');
  });

  test('gives followers what is on the disk after all, once and in order', async () => {
    await using root = new TemporaryRoot();
    const { store, breakNext } = openBreaking(root);
    const seen: number[] = [];
    store.feed.subscribe((rows) => seen.push(...rows.map((row) => row.seq)));
    await record(store, 'a');
    await breakNext('b');
    root.sql(
      `INSERT INTO journal (seq, session_id, type, body) SELECT 2, 'b', type, body FROM journal`,
      `INSERT INTO journal (seq, session_id, type, body) SELECT 3, 'c', type, body FROM journal WHERE seq = 1`,
    );
    expect(store.feed.head()).toBe(1);
    root.clock.advance(100);
    await turn();
    expect(store.feed.head()).toBe(3);
    await record(store, 'd');
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  test('stays shut over a database that is not the one it had', async () => {
    await using root = new TemporaryRoot();
    const { store, breakNext } = openBreaking(root);
    await record(store, 'a');
    await breakNext('b');
    root.sql('DELETE FROM journal');
    root.clock.advance(100);
    await turn();
    expect(store.failure()).toMatchObject({ code: 'storage/corrupt' });
    expect(store.failure()?.message).toContain('was replaced while the daemon ran');
  });

  test('can be closed meanwhile, and leaves no timer', async () => {
    await using root = new TemporaryRoot();
    const { store, breakNext } = openBreaking(root);
    await breakNext('a');
    expect(root.clock.pending).toBe(1);
    await store.close();
    await turn();
    expect(root.clock.pending).toBe(0);
    await record(root.open(), 'b');
  });
});

test('a database that is busy is waited for at its opening only: afterwards the event loop would stand still', async () => {
  await using root = new TemporaryRoot();
  const db = openDatabase(root.path);
  expect(db.pragma('busy_timeout', { simple: true })).toBe(50);
  db.close();
});

/** A store whose next commit is told by SQLite that the database is damaged. */
function openSuspect(root: TemporaryRoot) {
  let suspect = false;
  const store = root.open({
    reach: (point) => {
      if (point !== 'commit.begun' || !suspect) return;
      suspect = false;
      throw Object.assign(new Error('malformed'), { code: 'SQLITE_CORRUPT' });
    },
  });
  return { store, suspectNext: () => (suspect = true) };
}

describe('a database that SQLite calls damaged', () => {
  test('is not written any more where it is', async () => {
    await using root = new TemporaryRoot();
    const first = root.open();
    for (const id of ['a', 'b', 'c']) await record(first, id);
    await first.close();
    const { store, suspectNext } = openSuspect(root);
    const file = openSync(root.at('kheish.db'), 'r+');
    writeSync(file, Buffer.alloc(4_096), 0, 4_096, statSync(root.at('kheish.db')).size - 4_096);
    closeSync(file);
    suspectNext();
    await expect(record(store, 'd')).rejects.toMatchObject({ code: 'storage/corrupt' });
    root.clock.advance(100);
    await turn();
    expect(root.clock.pending).toBe(0);
    await expect(record(store, 'e')).rejects.toBe(store.failure());
    expect(store.failure()?.message).toContain('restore its state root from a backup');
  });

  test('is written again where a look through all of it finds nothing', async () => {
    await using root = new TemporaryRoot();
    const { store, suspectNext } = openSuspect(root);
    suspectNext();
    await expect(record(store, 'a')).rejects.toMatchObject({ code: 'storage/corrupt' });
    root.clock.advance(100);
    await turn();
    await record(store, 'a');
  });
});

test('an error of the disk in a read is one of ours', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  await record(store, 'a');
  root.sql(`UPDATE sessions SET state = 'x'`, 'DROP TABLE messages');
  let thrown: unknown;
  try {
    store.read.messages('a', { from: 0, limit: 1 });
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(KheishError);
  expect(thrown).toMatchObject(unavailable);
});

test('a follower that throws holds up neither the others nor the commit', async () => {
  await using root = new TemporaryRoot();
  const logged: object[] = [];
  const log = { warn: () => undefined, error: (facts: object) => logged.push(facts) };
  const store = root.open({ log });
  const broken = new Error('a bug');
  const seen: number[] = [];
  store.feed.subscribe(() => {
    throw broken;
  });
  store.feed.subscribe((rows) => seen.push(...rows.map((row) => row.seq)));
  await record(store, 'a');
  await record(store, 'b');
  expect(seen).toEqual([1, 2]);
  expect(logged).toEqual([{ err: broken }, { err: broken }]);
});
