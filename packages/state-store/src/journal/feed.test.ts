import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { accepted, conversation, created, recording } from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import type { PageOptions } from './feed.ts';

/** Three sessions of two runs each, their events interleaved with those of the others. */
async function filled(root: TemporaryRoot, anew = false) {
  const store = root.open();
  const sessions = ['a', 'b', 'c'];
  await Promise.all(sessions.map((id) => store.commit(recording(id, created(id)))));
  for (const round of ['1', '2']) {
    await Promise.all(
      sessions.map((id) => store.commit(conversation(id, `${id}${round}`, 'question', 'answer'))),
    );
  }
  if (!anew) return store;
  await store.close();
  return root.open();
}

type Filter = Omit<PageOptions, 'after' | 'limit'>;
const filters: [string, Filter, (row: object) => boolean][] = [
  ['everything', {}, () => true],
  ['a session', { sessionId: 'b' }, (row) => 'session_id' in row && row.session_id === 'b'],
  ['a run', { runId: 'b2' }, (row) => 'run_id' in row && row.run_id === 'b2'],
];

describe.each<[string, boolean, string, Filter, (row: object) => boolean]>(
  filters.flatMap((filter) => [
    ['just written', false, ...filter] as const,
    ['from the disk', true, ...filter] as const,
  ]),
)('pages %s (%s), of %s', (_source, anew, _what, filter, matches) => {
  test.each([1, 2, 5, 7, 1_000])('of %i rows give each event once, in order', async (limit) => {
    await using root = new TemporaryRoot();
    const store = await filled(root, anew);
    const all = store.feed.page({ after: 0, limit: 1_000 }).rows;
    const expected = all.filter(matches);
    expect(all).toHaveLength(33);

    const read = [];
    let after = 0;
    for (;;) {
      const page = store.feed.page({ ...filter, after, limit });
      expect(page.rows.length).toBeLessThanOrEqual(limit);
      read.push(...page.rows);
      expect(page.nextAfter).toBeGreaterThanOrEqual(page.rows.at(-1)?.seq ?? after);
      after = page.nextAfter;
      if (page.rows.length < limit) break;
    }
    expect(read).toEqual(expected);
    expect(after).toBe(store.feed.head());
  });

  test.each([1, 400, 2_000])('of %i bytes give each event once, in order', async (bytes) => {
    await using root = new TemporaryRoot();
    const store = await filled(root, anew);
    const expected = store.feed.page({ after: 0, limit: 1_000 }).rows.filter(matches);
    const read = [];
    let after = 0;
    while (after < store.feed.head()) {
      const page = store.feed.page({ ...filter, after, limit: 100, bytes });
      const sizes = page.rows.map((row) => row.body.length);
      expect(sizes.slice(0, -1).reduce((sum, size) => sum + size, 0)).toBeLessThan(bytes);
      read.push(...page.rows);
      expect(page.nextAfter).toBeGreaterThan(after);
      after = page.nextAfter;
    }
    expect(read).toEqual(expected);
  });

  test('of exactly what is left do not skip what comes after', async () => {
    await using root = new TemporaryRoot();
    const store = await filled(root, anew);
    const { rows } = store.feed.page({ ...filter, after: 0, limit: 1_000 });
    const exact = store.feed.page({ ...filter, after: 0, limit: rows.length });
    expect(exact.rows).toEqual(rows);
    expect(exact.nextAfter).toBe(rows.at(-1)?.seq);
    const rest = store.feed.page({ ...filter, after: exact.nextAfter, limit: 10 });
    expect(rest).toEqual({ rows: [], nextAfter: store.feed.head() });
  });
});

describe('a page', () => {
  test('from the future or of nothing is empty and goes nowhere', async () => {
    await using root = new TemporaryRoot();
    const store = await filled(root);
    expect(store.feed.page({ after: 1_000, limit: 5 })).toEqual({ rows: [], nextAfter: 1_000 });
    const none = { rows: [], nextAfter: store.feed.head() };
    expect(store.feed.page({ after: 0, limit: 5, runId: 'nobody' })).toEqual(none);
    expect(store.feed.page({ after: 0, limit: 5, sessionId: 'nobody' })).toEqual(none);
  });

  test('has the very rows that followers got', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const followed: unknown[] = [];
    store.feed.subscribe((rows) => followed.push(...rows));
    const incarnation = await store.beginIncarnation();
    await store.commit(recording('a', created('a'), accepted('a', 'run_1', 'ümlaut "quoted" 🙂')));
    await incarnation.end();
    expect(store.feed.page({ after: 0, limit: 10 }).rows).toEqual(followed);
    expect(JSON.parse((followed[2] as { body: string }).body)).toEqual({
      ...accepted('a', 'run_1', 'ümlaut "quoted" 🙂'),
      seq: 3,
      at_ms: root.clock.now(),
      v: 1,
    });
  });
});

test('who unsubscribes hears nothing any more', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  let heard = 0;
  const stop = store.feed.subscribe((rows) => (heard += rows.length));
  await store.commit(recording('a', created('a')));
  stop();
  await store.commit(recording('b', created('b')));
  expect(heard).toBe(1);
});

test('the log does not grow while somebody pages slowly', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  let after = 0;
  for (let round = 0; round < 40; round += 1) {
    const ids = Array.from({ length: 20 }, (_, index) => `${round}-${index}`);
    const large = 'x'.repeat(15_000);
    await Promise.all(ids.map((id) => store.commit(recording(id, created(id, large)))));
    after = store.feed.page({ after, limit: 1 }).nextAfter;
  }
  expect(after).toBe(40);
  expect(statSync(root.at('kheish.db')).size).toBeGreaterThan(20_000_000);
  expect(statSync(root.at('kheish.db-wal')).size).toBeLessThan(8_000_000);
});
