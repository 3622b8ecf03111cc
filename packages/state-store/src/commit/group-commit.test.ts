import { KheishError } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { accepted, created, recording, started } from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import type { RecordedRow } from './append.ts';
import type { Command } from './command.ts';

const refusal: Command<never> = {
  load: {},
  decide: () => {
    throw new KheishError('sessions/session_busy', 'no');
  },
};

/** Fails while it is appended: its second session is in the table already, and was not loaded. */
function brokenInTheMiddle(existing: string): Command<void> {
  return {
    load: {},
    decide: (state) => state.record(created(`before-${existing}`), created(existing)),
  };
}

describe('a group of commands', () => {
  test('is one transaction, in the order of the calls, without a gap', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const groups: (readonly RecordedRow[])[] = [];
    store.feed.subscribe((rows) => groups.push(rows));
    const ids = Array.from({ length: 200 }, (_, index) => `s${index}`);

    const resolved: string[] = [];
    await Promise.all(
      ids.map((id) => store.commit(recording(id, created(id))).then(() => resolved.push(id))),
    );

    expect(resolved).toEqual(ids);
    expect(groups).toHaveLength(1);
    expect(groups[0]?.map((row) => row.session_id)).toEqual(ids);
    expect(groups[0]?.map((row) => row.seq)).toEqual(ids.map((_, index) => index + 1));
    expect(store.feed.page({ after: 0, limit: 1_000 }).rows).toEqual(groups[0]);
  });

  test('refusals leave their neighbours untouched and take no sequence number', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const refused = () => store.commit(refusal).catch((error: unknown) => error);

    const results = await Promise.all([
      store.commit(recording('a', created('a'))),
      refused(),
      store.commit(recording('b', created('b'))),
      refused(),
      store.commit(recording('c', created('c'))),
    ]);

    expect(results[1]).toMatchObject({ code: 'sessions/session_busy' });
    expect(results[3]).toMatchObject({ code: 'sessions/session_busy' });
    const { rows } = store.feed.page({ after: 0, limit: 10 });
    expect(rows.map((row) => [row.seq, row.session_id])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ]);
  });

  test('a fault in the middle of an append undoes that member alone, and wholly', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await store.commit(recording('old', created('old')));

    const [first, broken, last] = await Promise.allSettled([
      store.commit(recording('x', created('x'))),
      store.commit(brokenInTheMiddle('old')),
      store.commit(recording('y', created('y'))),
    ]);

    expect([first.status, broken.status, last.status]).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(store.read.session('before-old')).toBeUndefined();
    const { rows } = store.feed.page({ after: 0, limit: 10 });
    expect(rows.map((row) => [row.seq, row.session_id])).toEqual([
      [1, 'old'],
      [2, 'x'],
      [3, 'y'],
    ]);
    expect((await store.verify()).findings).toEqual([]);
  });

  test('a member sees what the members before it did', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const seen: boolean[] = [];
    const look: Command<void> = {
      load: { session: 'a' },
      decide: (state) => void seen.push(state.session('a') !== undefined),
    };

    await Promise.all([
      store.commit(look),
      store.commit(recording('a', created('a'))),
      store.commit(look),
    ]);

    expect(seen).toEqual([false, true]);
  });

  test('an impossible event rejects its member and nothing else', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const [impossible, fine] = await Promise.allSettled([
      store.commit(recording('a', started('a', 'run_1'))),
      store.commit(recording('b', created('b'))),
    ]);
    expect(impossible.status).toBe('rejected');
    expect(fine.status).toBe('fulfilled');
    expect(store.feed.head()).toBe(1);
  });
});

describe('what others see', () => {
  test('a promise resolves when another connection can read its events', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const count = () => root.rows<{ n: number }>('SELECT count(*) n FROM journal')[0]?.n;
    const seenAtOnce: (number | undefined)[] = [];

    const first = store.commit(recording('a', created('a'))).then(() => seenAtOnce.push(count()));
    const second = store.commit(recording('b', created('b'))).then(() => seenAtOnce.push(count()));
    expect(count()).toBe(0);
    await Promise.all([first, second]);

    expect(seenAtOnce).toEqual([2, 2]);
  });

  test('followers get events when they are on disk, before the promise resolves', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const order: string[] = [];
    store.feed.subscribe((rows) => {
      const kept = root.rows<{ n: number }>('SELECT count(*) n FROM journal')[0]?.n;
      order.push(`published ${rows.length}, kept ${kept}, head ${store.feed.head()}`);
    });

    await store.commit(recording('a', created('a'))).then(() => order.push('resolved'));

    expect(order).toEqual(['published 1, kept 1, head 1', 'resolved']);
  });

  test('no follower sees n+1 before n, also where followers commit themselves', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const followers = [[], [], []] as number[][];
    for (const seen of followers) {
      store.feed.subscribe((rows) => {
        for (const row of rows) {
          seen.push(row.seq);
          if (row.seq <= 30) {
            const id = `${followers.indexOf(seen)}-${row.seq}`;
            void store.commit(recording(id, created(id)));
          }
        }
      });
    }
    await store.commit(recording('first', created('first')));
    while (store.feed.head() < 91) await new Promise((resolve) => setImmediate(resolve));

    for (const seen of followers) expect(seen).toEqual(seen.map((_, index) => index + 1));
    expect(followers[0]).toHaveLength(91);
  });

  test('close waits for what was committed before it', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const committed = store.commit(recording('a', created('a')));
    await store.close();
    await committed;
    await expect(store.commit(recording('b', created('b')))).rejects.toMatchObject({
      code: 'storage/storage_unavailable',
    });
    expect(root.open().read.session('a')).toBeDefined();
  });

  test('more waiting commands than the disk can take are refused, and say when to come back', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const look: Command<void> = { load: {}, decide: () => undefined };
    const waiting = Array.from({ length: 10_000 }, () => store.commit(look));
    await expect(store.commit(look)).rejects.toMatchObject({
      code: 'storage/storage_unavailable',
      message: 'Too many writes wait for the disk. Try again in a moment.',
      retryAfterMs: 1_000,
    });
    await Promise.all(waiting);
    await store.commit(look);
  });
});

test('five commands of one moment pass each boundary once, and are to be read from the disk on', async () => {
  await using root = new TemporaryRoot();
  const passed: [string, number | undefined][] = [];
  const count = () => root.rows<{ n: number }>('SELECT count(*) n FROM journal')[0]?.n;
  const store = root.open({ reach: (point) => passed.push([point, count()]) });
  store.feed.subscribe((rows) => passed.push(['followed', rows.length]));

  const five = ['a', 'b', 'c', 'd', 'e'].map((id) => store.commit(recording(id, created(id))));
  await Promise.all(five).then(() => passed.push(['resolved', count()]));

  expect(passed).toEqual([
    ['commit.begun', 0],
    ['commit.applied', 0],
    ['commit.durable', 5],
    ['followed', 5],
    ['commit.published', 5],
    ['resolved', 5],
  ]);
});

test('of a decision to record nothing the texts are not kept, the answer to its key is', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  const { blobs } = await store.blobs.prepare('s', 'é'.repeat(10_000));
  const idempotency = { scope: 'x', key: 'k', fingerprint: 'f' };
  await store.commit({ load: {}, decide: () => undefined, blobs });
  const once = {
    load: {},
    decide: () => undefined,
    blobs,
    idempotency,
    answer: () => ({ status: 200, body: 'nothing to do' }),
  };
  await store.commitOnce(once);
  expect(await store.commitOnce(once)).toEqual({
    replayed: { status: 200, body: 'nothing to do' },
  });
  expect(root.rows('SELECT * FROM blobs')).toEqual([]);
  expect((await store.verify()).findings).toEqual([]);
});

test('a line of the journal is the event with its place, its time and the version of its form', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  const lines: RecordedRow[] = [];
  store.feed.subscribe((rows) => lines.push(...rows));
  const events = [
    { type: 'daemon_started', incarnation: 1, version: '1.0.0' },
    created('s'),
    accepted('s', 'run_1'),
  ] as const;
  await store.commit(recording('s', ...events));

  const place = { at_ms: root.clock.now(), v: 1 };
  expect(lines.map(({ body }) => JSON.parse(body) as unknown)).toEqual(
    events.map((event, index) => ({ ...event, ...place, seq: index + 1 })),
  );
  expect(lines.map(({ body: _body, ...line }) => line)).toStrictEqual([
    { seq: 1, type: 'daemon_started' },
    { seq: 2, type: 'session_created', session_id: 's' },
    { seq: 3, type: 'run_accepted', session_id: 's', run_id: 'run_1' },
  ]);
});
