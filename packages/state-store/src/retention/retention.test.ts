import { existsSync, readFileSync, readdirSync } from 'node:fs';
import type { DomainEvent } from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Store } from '../store.ts';
import { accepted, completed, created, intended, recording, started } from '../testing/commands.ts';
import { runChild } from '../testing/run-child.ts';
import { LONG_TEXT, converse, savedRoot } from '../testing/saved-root.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';

const DAY = 86_400_000;
const ended = (id: string): DomainEvent => ({ type: 'session_ended', session_id: id });

async function endedSession(store: Store, id: string, text = `said in ${id}`): Promise<void> {
  await converse(store, id, text);
  await store.commit(recording(id, ended(id)));
}

const seqs = (store: Store, after = 0) =>
  store.feed.page({ after, limit: 10_000 }).rows.map(({ seq }) => seq);

async function expectWhole(store: Store): Promise<void> {
  expect((await store.verify()).findings).toEqual([]);
}

describe('a session that leaves', () => {
  test('takes all that it has, and no other does [holds retention.whole]', async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    await endedSession(store, 'old', LONG_TEXT.replaceAll('a', 'o'));
    await converse(store, 'kept', LONG_TEXT);
    const last = store.feed.page({ after: 0, limit: 1_000, sessionId: 'old' }).rows.at(-1)?.seq;
    const kept = store.feed.page({ after: 0, limit: 1_000, sessionId: 'kept' }).rows;
    root.clock.advance(DAY);
    const request = { older_than_ms: DAY, session_id: 'old' };
    const told = await store.prune({ ...request, dry_run: true });
    expect(store.read.session('old')?.status).toBe('ended');
    const report = await store.prune(request);
    expect(report).toEqual({
      dry_run: false,
      now_ms: root.clock.now(),
      cutoff_ms: root.clock.now() - DAY,
      matched_session_count: 1,
      matched_run_count: 1,
      matched_event_count: 7,
      session_ids: ['old'],
      has_more: false,
      floor_event_id: String(last),
    });
    expect(told).toEqual({ ...report, dry_run: true, floor_event_id: '0' });
    expect(store.read.session('old')).toBeUndefined();
    expect(store.read.run('run-old')).toBeUndefined();
    expect(store.read.messages('old', { from: 0, limit: 9 })).toEqual([]);
    expect(store.feed.page({ after: 0, limit: 9, sessionId: 'old' }).rows).toEqual([]);
    expect(store.feed.page({ after: 0, limit: 1_000, sessionId: 'kept' }).rows).toEqual(kept);
    expect(store.feed.floor()).toBe(last);
    expect(readdirSync(root.at('assets'))).toHaveLength(1);
    await expectWhole(store);
    await store.close();
    for (const name of ['kheish.db', 'kheish.db-wal'].filter((file) => existsSync(root.at(file)))) {
      expect(readFileSync(root.at(name)).includes('o long question? ')).toBe(false);
    }
    const again = root.open();
    expect(again.feed.floor()).toBe(last);
    await expectWhole(again);
  });

  test('has ended, long enough ago, and nothing of it is under way', async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    await endedSession(store, 'old');
    root.clock.advance(DAY);
    await endedSession(store, 'young');
    await converse(store, 'open', 'x');
    root.clock.advance(DAY - 1);
    // `erased` is deleted, and `s1` has a command that lives.
    await store.commit(recording('s1', ended('s1')));
    root.clock.advance(1);
    const { session_ids } = await store.prune({ older_than_ms: DAY + 1 });
    expect(session_ids).toEqual(['erased', 'old']);
    root.clock.advance(DAY);
    expect((await store.prune({ older_than_ms: DAY })).session_ids).toEqual(['young']);
    expect(store.read.session('s1')?.status).toBe('ended');
    await expectWhole(store);
  });

  test('may come again under its name, as another', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await endedSession(store, 'again');
    root.clock.advance(DAY);
    await store.prune({ older_than_ms: DAY });
    await store.commit(recording('again', created('again')));
    expect(store.read.session('again')).toMatchObject({ status: 'open', message_count: 0 });
    await expectWhole(store);
  });

  test('leaves what it spent: a day has no more room than before', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const reservation = {
      utc_day: '2026-11-22',
      input_tokens: 40,
      output_tokens: 10,
      usd_micros: 9,
    };
    const call = { ...intended('s', 'r', 'a'), reservation };
    await store.commit(
      recording(
        's',
        created('s'),
        accepted('s', 'r'),
        started('s', 'r'),
        call,
        {
          type: 'action_settled',
          session_id: 's',
          run_id: 'r',
          action_id: 'a',
          step: 1,
          kind: 'model_call',
          target: 'model:main/small',
          outcome: 'failed',
          usage: { input_tokens: 30, output_tokens: 4 },
          cost_usd_micros: 7,
        },
        completed('s', 'r', 'x'),
        ended('s'),
      ),
    );
    const before = store.read.daySpending('2026-11-22');
    expect(before.spent).toEqual({ tokens: 34, usd_micros: 7 });
    root.clock.advance(DAY);
    await store.prune({ older_than_ms: DAY });
    expect(store.read.daySpending('2026-11-22')).toEqual(before);
    await expectWhole(store);
  });

  test('that is unknown is 404', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await expect(store.prune({ older_than_ms: 1, session_id: 'x' })).rejects.toMatchObject({
      code: 'sessions/session_not_found',
    });
  });
});

describe('many sessions leave', () => {
  test('in commits of bounded size, between which others have their turn', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    for (let n = 0; n < 300; n += 1)
      await store.commit(recording(`s${n}`, created(`s${n}`), ended(`s${n}`)));
    root.clock.advance(DAY);
    const prunings: number[] = [];
    store.feed.subscribe((rows) => {
      for (const { type, body } of rows) {
        if (type === 'sessions_pruned')
          prunings.push((JSON.parse(body) as { event_count: number }).event_count);
        else prunings.push(0);
      }
    });
    const under = store.prune({ older_than_ms: DAY });
    const others = (async () => {
      for (let n = 0; n < 20; n += 1) await store.commit(recording(`o${n}`, created(`o${n}`)));
    })();
    const { matched_event_count, has_more } = await under;
    await others;
    expect({ matched_event_count, has_more }).toEqual({
      matched_event_count: 600,
      has_more: false,
    });
    expect(prunings.filter((count) => count > 0)).toEqual([200, 200, 200]);
    expect(prunings.indexOf(0)).toBeLessThan(prunings.lastIndexOf(200));
    await expectWhole(store);
  });

  test('no more than the limit at a time', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    for (const id of ['a', 'b', 'c', 'd']) await endedSession(store, id);
    root.clock.advance(DAY);
    const request = { older_than_ms: DAY, limit: 3 };
    expect(await store.prune({ ...request, dry_run: true })).toMatchObject({ has_more: true });
    expect(await store.prune(request)).toMatchObject({
      session_ids: ['a', 'b', 'c'],
      has_more: true,
    });
    expect(await store.prune(request)).toMatchObject({ session_ids: ['d'], has_more: false });
    expect(await store.prune(request)).toMatchObject({ session_ids: [], has_more: false });
  });
});

test.each([
  ['commit.begun', 1, 0],
  ['commit.applied', 2, 98],
  ['commit.durable', 2, 198],
  ['commit.published', 1, 98],
] as const)(
  'killed at %s of a pruning, commit %i, each session is there whole or not at all [holds retention.whole]',
  async (point, nth, gone) => {
    await using root = new TemporaryRoot();
    const child = runChild('prune-until-killed.child.ts', {}, root.path, point, String(nth));
    expect(await child.ended).toBe('SIGKILL');
    const store = root.open();
    await store.beginIncarnation();
    await expectWhole(store);
    expect(store.read.sessionCount()).toBe(252 - gone);
    root.clock.advance(DAY);
    await store.prune({ older_than_ms: DAY - 100 });
    expect(store.read.sessions({ limit: 9 }).map(({ session_id }) => session_id)).toEqual(['open']);
    expect(readdirSync(root.at('assets'))).toEqual([]);
    await expectWhole(store);
  },
);

async function pruned(root: TemporaryRoot): Promise<Store> {
  const store = root.open();
  await store.beginIncarnation();
  await endedSession(store, 'one');
  await converse(store, 'kept', 'x');
  await endedSession(store, 'two');
  await converse(store, 'late', 'x');
  root.clock.advance(DAY);
  await store.prune({ older_than_ms: DAY, limit: 1 });
  await store.prune({ older_than_ms: DAY });
  return store;
}

describe('a journal that events have left', () => {
  test.each([
    ['an event below the floor', 'DELETE FROM journal WHERE seq = 1'],
    [
      'an event above it',
      `DELETE FROM journal WHERE type = 'sessions_pruned' AND seq < (SELECT max(seq) FROM journal)`,
    ],
    ['the floor', `UPDATE root_facts SET value = '3' WHERE name = 'journal_floor'`],
    ['what left', `UPDATE journal SET body = replace(body, '"event_count":7', '"event_count":6')`],
  ])('is found out where %s is changed too', async (_, sql) => {
    await using root = new TemporaryRoot();
    const store = await pruned(root);
    await expectWhole(store);
    root.sql(sql);
    expect((await store.verify()).findings.map(({ check }) => check)).toContain('sequence');
  });

  test('is backed up and restored as it is', async () => {
    await using root = new TemporaryRoot();
    const store = await pruned(root);
    const directory = root.at('backups');
    await store.backup({ directory, backupId: 'backup_1', createdAtMs: 1 });
    const { restoreBackup } = await import('../backup/restore-backup.ts');
    const stateRoot = root.at('restored');
    await restoreBackup({ backup: root.at('backups/backup_1'), stateRoot, atMs: 1 });
    const again = root.open({ stateRoot });
    expect(seqs(again)).toEqual(seqs(store));
    await again.beginIncarnation();
    await endedSession(again, 'new');
    root.clock.advance(DAY);
    await again.prune({ older_than_ms: DAY });
    expect(again.feed.floor()).toBeGreaterThan(1_000_000_000);
    await expectWhole(again);
  });
});

test('whatever is done, and whatever leaves at whatever time, the tables are what the journal makes of them', async () => {
  const step = fc.record({
    session: fc.constantFrom('a', 'b', 'c', 'd'),
    kind: fc.constantFrom('talk', 'talk', 'end', 'delete', 'prune', 'day'),
    text: fc.constantFrom('short', LONG_TEXT),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      await using root = new TemporaryRoot();
      const store = root.open();
      const kept = new Map<string, string>();
      for (const [n, { session: id, kind, text }] of steps.entries()) {
        const status = store.read.session(id)?.status;
        if (kind === 'day') root.clock.advance(DAY);
        if (kind === 'prune') await store.prune({ older_than_ms: DAY, limit: 2 });
        if (kind === 'talk' && status === undefined) {
          await converse(store, id, text);
          kept.set(id, text);
        }
        if (kind === 'end' && status === 'open') await store.commit(recording(id, ended(id)));
        if (kind === 'delete' && status !== undefined && status !== 'deleted') {
          await store.commit(recording(id, { type: 'session_deleted', session_id: id }));
        }
        if (n % 8 === 7) await expectWhole(store);
      }
      await expectWhole(store);
      for (const [id, text] of kept) {
        if (store.read.session(id)?.status !== 'open') continue;
        const [first] = store.read.messages(id, { from: 0, limit: 1 });
        const said = first?.message.role === 'user' ? first.message.content : '';
        expect(await store.blobs.text(id, said)).toBe(text);
      }
      const files = existsSync(root.at('assets')) ? readdirSync(root.at('assets')) : [];
      const named = root.rows<{ n: number }>(
        'SELECT count(DISTINCT digest) n FROM blobs WHERE data IS NULL',
      );
      expect(files).toHaveLength(named[0]?.n ?? 0);
    }),
    { numRuns: 15 },
  );
});
