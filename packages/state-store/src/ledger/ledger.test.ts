import { KheishError, type ExternalAction } from '@kheish/core-model';
import { plainSealer } from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import type { Store } from '../store.ts';
import {
  answered,
  accepted,
  completed,
  created,
  intended,
  recording,
  started,
} from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';

const unavailable = { code: 'audit/ledger_unavailable' };

/** A run whose model call is asked for, and what ends it. */
async function asking(store: Store, session: string, run: string): Promise<void> {
  await store.commit(recording(session, created(session)));
  await store.commit(intending(session, run));
}

function intending(session: string, run: string) {
  return recording(session, accepted(session, run), started(session, run), {
    ...intended(session, run, `${run}.a`),
    audit_target: 'model:main/small',
  });
}

function answering(session: string, run: string) {
  return recording(
    session,
    answered(session, run, `${run}.a`, 'answer'),
    completed(session, run, 'answer'),
  );
}

const actions = (store: Store, chain: string) =>
  store.ledger
    .entriesOf(chain, { limit: 100 })
    .map(({ body }) => JSON.parse(body) as ExternalAction & { prev_hash?: string });

describe('what a commit puts on the record', () => {
  test('is a request before and a response after, linked by hashes, in one order for all runs', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await asking(store, 's', 'r1');
    await asking(store, 't', 'r2');
    await store.commit(answering('s', 'r1'));
    expect(store.ledger.head().size).toBe(3);
    const [first] = store.ledger.entriesOf('r1', { limit: 1 });
    expect(actions(store, 'r1')).toEqual([
      {
        action_id: 'r1.a',
        timestamp_ms: root.clock.now(),
        session_id: 's',
        agent_id: 'agent_1',
        run_id: 'r1',
        principal_id: 'session:s',
        phase: 'request',
        kind: 'model_call',
        target: 'model:main/small',
        request_digest: `sha256:${'0'.repeat(64)}`,
      },
      expect.objectContaining({
        action_id: 'r1.a',
        phase: 'response',
        outcome: 'ok',
        prev_hash: Buffer.from(first?.recordHash ?? []).toString('hex'),
      }),
    ]);
    expect(actions(store, 'r2')).toHaveLength(1);
    expect(actions(store, 'r2')[0]?.prev_hash).toBeUndefined();
    expect((await store.verify()).findings).toEqual([]);
  });

  test('shares one signature with all of its group, which the last entry has', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    for (const id of ['a', 'b', 'c']) await store.commit(recording(id, created(id)));
    await Promise.all(['a', 'b', 'c'].map((id) => store.commit(intending(id, `run_${id}`))));
    await store.commit(answering('a', 'run_a'));
    const rows = store.ledger.entries({ from: 0, limit: 100 });
    expect(rows.map(({ signature }) => signature !== undefined)).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(rows.map(({ index }) => store.ledger.group(index).map((row) => row.index))).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
      [3],
    ]);
    expect(store.ledger.group(4)).toEqual([]);
  });

  test('is nothing for what has no place on it', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await store.commit(recording('s', created('s')));
    await store.commit(
      recording('s', accepted('s', 'r'), started('s', 'r'), intended('s', 'r', 'a')),
    );
    expect(store.ledger.head()).toEqual({ size: 0 });
  });

  test('goes on where an earlier start ended', async () => {
    await using root = new TemporaryRoot();
    const before = root.open();
    await asking(before, 's', 'r1');
    await before.close();
    const given: unknown[] = [];
    const store = root.open({
      sealer: (logId, last) => {
        given.push(logId, last?.index);
        return plainSealer;
      },
    });
    expect(given).toEqual([store.root.rootId, 0]);
    await store.commit(answering('s', 'r1'));
    expect(actions(store, 'r1')).toHaveLength(2);
    expect((await store.verify()).findings).toEqual([]);
  });
});

describe('no entry, no effect', () => {
  test('where no entry can be written a command that brings one is refused, others are not; and it goes on by itself [holds audit.no_entry_no_effect]', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await store.commit(recording('s', created('s')));
    root.sql(
      `CREATE TRIGGER full BEFORE INSERT ON ledger_entries BEGIN SELECT RAISE(ABORT, 'no'); END`,
    );
    const [intent, other] = await Promise.allSettled([
      store.commit(intending('s', 'r')),
      store.commit(recording('t', created('t'))),
    ]);
    expect(intent).toMatchObject({ status: 'rejected', reason: unavailable });
    expect(other).toMatchObject({ status: 'fulfilled' });
    expect(store.read.run('r')).toBeUndefined();
    expect(store.failure()).toBeUndefined();
    expect(store.ledger.failure()).toMatchObject(unavailable);
    root.sql('DROP TRIGGER full');
    expect(store.ledger.failure()).toBeUndefined();
    expect(store.ledger.head().size).toBe(0);
    await store.commit(intending('s', 'r'));
    expect(actions(store, 'r')).toHaveLength(1);
  });

  test('an entry of a member that is undone leaves no gap', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    for (const id of ['a', 'b', 'c']) await store.commit(recording(id, created(id)));
    root.sql(
      `CREATE TRIGGER picky BEFORE INSERT ON runs WHEN NEW.run_id = 'run_b'
       BEGIN SELECT RAISE(ABORT, 'no'); END`,
    );
    const results = await Promise.allSettled(
      ['a', 'b', 'c'].map((id) => store.commit(intending(id, `run_${id}`))),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const rows = store.ledger.entries({ from: 0, limit: 9 });
    expect(rows.map(({ index, chain }) => [index, chain])).toEqual([
      [0, 'run_a'],
      [1, 'run_c'],
    ]);
    expect(store.ledger.group(0)).toHaveLength(2);
    expect((await store.verify()).findings).toEqual([]);
  });

  test('where nothing can be signed the commit is undone, and the store stays open', async () => {
    await using root = new TemporaryRoot();
    let fails = true;
    const sign = () => {
      if (fails) throw new Error('the key is gone');
      return plainSealer.sign();
    };
    const store = root.open({ sealer: () => ({ ...plainSealer, sign }) });
    await store.commit(recording('s', created('s')));
    await expect(store.commit(intending('s', 'r'))).rejects.toMatchObject(unavailable);
    await expect(store.commit(recording('t', created('t')))).resolves.toBeUndefined();
    expect(store.read.run('r')).toBeUndefined();
    expect(store.ledger.failure()).toMatchObject(unavailable);
    fails = false;
    expect(store.ledger.failure()).toBeUndefined();
    await store.commit(intending('s', 'r'));
    expect((await store.verify()).findings).toEqual([]);
  });

  test('an end that is not the one which was left takes no more, until it is again', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await asking(store, 's', 'r1');
    await store.commit(answering('s', 'r1'));
    root.sql('CREATE TABLE aside AS SELECT * FROM ledger_entries WHERE idx = 1');
    root.sql('DELETE FROM ledger_entries WHERE idx = 1');
    expect(store.ledger.failure()).toMatchObject(unavailable);
    await store.commit(recording('t', created('t')));
    await expect(store.commit(intending('t', 'r2'))).rejects.toMatchObject(unavailable);
    root.sql('INSERT INTO ledger_entries SELECT * FROM aside');
    expect(store.ledger.failure()).toBeUndefined();
    await store.commit(intending('t', 'r2'));
  });

  test('a suspended ledger takes nothing, and says why', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await store.commit(recording('s', created('s')));
    store.ledger.suspend('it was forged');
    expect(store.ledger.failure()).toMatchObject({ ...unavailable, message: 'it was forged' });
    await expect(store.commit(intending('s', 'r'))).rejects.toMatchObject(unavailable);
  });

  test('without a sealer nothing external is begun', async () => {
    await using root = new TemporaryRoot();
    const open = { sealer: undefined as never };
    const store = root.open(open);
    await store.commit(recording('s', created('s')));
    await expect(store.commit(intending('s', 'r'))).rejects.toMatchObject(unavailable);
  });

  test('a key that does not belong to the root keeps it closed', async () => {
    await using root = new TemporaryRoot();
    const refusal = new KheishError('audit/ledger_unavailable', 'another key is needed');
    const refuse = () => {
      throw refusal;
    };
    expect(() => root.open({ sealer: refuse })).toThrow(refusal);
    // And gives it back.
    expect(root.open().ledger.head().size).toBe(0);
  });
});

describe('verify', () => {
  test.each([
    ['a changed entry', `UPDATE ledger_entries SET body = replace(body, 'small', 'large')`],
    ['another hash', `UPDATE ledger_entries SET record_hash = zeroblob(32) WHERE idx = 1`],
    ['an entry that is gone', 'DELETE FROM ledger_entries WHERE idx = 1'],
    ['an entry of another run', `UPDATE ledger_entries SET chain = 'r2' WHERE idx = 1`],
  ])('finds %s', async (_, change) => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await asking(store, 's', 'r1');
    await store.commit(answering('s', 'r1'));
    root.sql(change);
    const { findings } = await store.verify();
    expect(findings).toEqual([expect.objectContaining({ check: 'ledger', subject: 'r1' })]);
  });

  test('finds nothing after a session was erased: the record stays', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await asking(store, 's', 'r1');
    await store.commit(answering('s', 'r1'));
    await store.commit(recording('s', { type: 'session_deleted', session_id: 's' }));
    expect(actions(store, 'r1')).toHaveLength(2);
    expect((await store.verify()).findings).toEqual([]);
  });
});
