import { plainSealer } from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import { LedgerWriter } from '../ledger/ledger-writer.ts';
import { Connection } from '../root/connection.ts';
import { openDatabase } from '../root/open-database.ts';
import { created, recording } from '../testing/commands.ts';
import { runChild } from '../testing/run-child.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import { GroupCommit } from './group-commit.ts';
import { nothingKnown } from './redaction.ts';
import { prepareStatements } from './statements.ts';

function openGroup(root: TemporaryRoot) {
  const db = openDatabase(root.path);
  const connection = new Connection(db);
  const statements = prepareStatements(connection);
  const ledger = new LedgerWriter(connection, () => plainSealer);
  const published: number[] = [];
  const onDisk = ({ rows }: { rows: readonly { seq: number }[] }) =>
    published.push(...rows.map((row) => row.seq));
  return {
    db,
    statements,
    ledger,
    published,
    group: new GroupCommit(
      { statements, ledger, clock: root.clock, redactor: nothingKnown },
      onDisk,
      () => undefined,
    ),
    count: () => db.prepare<[], { n: number }>('SELECT count(*) n FROM journal').get()?.n,
  };
}

const large = (id: string) => recording(id, created(id, 'x'.repeat(16_000)));

describe('a full database', () => {
  test('rejects the whole group, keeps nothing of it, and goes on when there is room', async () => {
    await using root = new TemporaryRoot();
    const { db, group, published, count } = openGroup(root);
    await group.commit(recording('before', created('before')));
    const pages = db.pragma('page_count', { simple: true }) as number;
    db.pragma(`max_page_count = ${pages + 8}`);

    const results = await Promise.allSettled(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => group.commit(large(id))),
    );
    expect(results.map((result) => result.status)).toEqual(Array(6).fill('rejected'));
    for (const result of results) {
      expect(result).toMatchObject({ reason: { code: 'storage/storage_unavailable' } });
    }
    expect([count(), group.head, published]).toEqual([1, 1, [1]]);
    await expect(group.commit(recording('g', created('g')))).rejects.toBe(group.failure);

    db.pragma('max_page_count = 1000000');
    group.resume(1);
    await Promise.all(['a', 'b'].map((id) => group.commit(large(id))));
    expect([count(), group.head, published]).toEqual([3, 3, [1, 2, 3]]);
    db.close();
  });
});

describe('an error of the disk in the middle of a group', () => {
  test('rejects those before and after it too: they may be rolled back already', async () => {
    await using root = new TemporaryRoot();
    const { db, statements, ledger, published, count } = openGroup(root);
    let fails = true;
    const appendEvent = {
      run: (...row: Parameters<typeof statements.appendEvent.run>) => {
        if (fails && row[1] === 'b') {
          throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_READ' });
        }
        return statements.appendEvent.run(...row);
      },
    };
    const broken = { ...statements, appendEvent } as unknown as typeof statements;
    const failures: string[] = [];
    const group = new GroupCommit(
      { statements: broken, ledger, clock: root.clock, redactor: nothingKnown },
      ({ rows }) => published.push(...rows.map((row) => row.seq)),
      (failure) => failures.push(failure.code),
    );
    const commitAll = () =>
      Promise.allSettled(['a', 'b', 'c'].map((id) => group.commit(recording(id, created(id)))));

    for (const result of await commitAll()) {
      expect(result).toMatchObject({ reason: { code: 'storage/storage_unavailable' } });
    }
    expect([count(), group.head, published]).toEqual([0, 0, []]);
    expect(failures).toEqual(['storage/storage_unavailable']);
    fails = false;
    group.resume(0);
    await commitAll();
    expect([count(), group.head, published]).toEqual([3, 3, [1, 2, 3]]);
    db.close();
  });
});

describe('a failed COMMIT', () => {
  test('rejects its group, and what comes until the disk is well again', async () => {
    await using root = new TemporaryRoot();
    const { db, statements, ledger, published, count } = openGroup(root);
    let fails = true;
    const commit = {
      run: () => {
        if (fails) throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_FSYNC' });
        return statements.commit.run();
      },
    };
    const onDisk = ({ rows }: { rows: readonly { seq: number }[] }) =>
      published.push(...rows.map((row) => row.seq));
    const broken = { ...statements, commit } as unknown as typeof statements;
    const group = new GroupCommit(
      { statements: broken, ledger, clock: root.clock, redactor: nothingKnown },
      onDisk,
      () => undefined,
    );

    const results = await Promise.allSettled(['a', 'b'].map((id) => group.commit(large(id))));
    expect(results).toMatchObject([
      { status: 'rejected', reason: { code: 'storage/storage_unavailable' } },
      { status: 'rejected', reason: { code: 'storage/storage_unavailable' } },
    ]);
    for (const result of results) expect(result).toHaveProperty('reason', group.failure);
    fails = false;
    await expect(group.commit(recording('c', created('c')))).rejects.toBe(group.failure);
    expect(group.failure).toMatchObject({ code: 'storage/storage_unavailable' });
    expect([count(), published]).toEqual([0, []]);
    group.resume(0);
    await group.commit(recording('d', created('d')));
    expect([count(), published, group.failure]).toEqual([1, [1], undefined]);
    db.close();
  });

  test('of a real disk keeps all that was acknowledged, and the root opens again', async () => {
    await using root = new TemporaryRoot();
    // Neither the log nor the database may grow beyond this.
    const child = runChild('commit-until-refused.child.ts', { fileBytes: 1_048_576 }, root.path);
    const acknowledged: string[] = [];
    for (;;) {
      const line = await child.line();
      if (line === undefined || line.startsWith('refused')) {
        expect(line).toBe(
          'refused storage/storage_unavailable 3, then storage/storage_unavailable',
        );
        break;
      }
      acknowledged.push(...line.split(' '));
    }
    expect(await child.ended).toBe(0);
    expect(acknowledged.length).toBeGreaterThan(10);

    const store = root.open();
    expect(store.feed.head()).toBe(acknowledged.length);
    for (const id of acknowledged) expect(store.read.session(id)).toBeDefined();
    expect((await store.verify()).findings).toEqual([]);
    await store.commit(recording('after', created('after')));
  });
});
