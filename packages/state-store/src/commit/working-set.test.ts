import { describe, expect, test } from 'vitest';
import type { Store } from '../store.ts';
import {
  accepted,
  answered,
  completed,
  created,
  intended,
  recording,
  started,
} from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import type { Load, WorkingState } from './command.ts';

/** What a decision sees of this load. */
async function seen<R>(store: Store, load: Load, look: (state: WorkingState) => R): Promise<R> {
  return store.commit({ load, decide: look });
}

const routed = (sessionId: string, runId: string, routeId: string) => ({
  ...accepted(sessionId, runId),
  route: { route_id: routeId, driver: 'scripted', model: 'small' },
});

const statuses = (state: WorkingState, ...ids: string[]) => ids.map((id) => state.run(id)?.status);

/** Session `s` with run_1 running and run_2 to run_4 behind it. */
async function busySession(store: Store): Promise<void> {
  const runs = ['run_1', 'run_2', 'run_3', 'run_4'].map((id) => accepted('s', id));
  await store.commit(recording('s', created('s'), ...runs, started('s', 'run_1')));
}

describe('a decision', () => {
  test('that looks at what it did not load is a bug, and says which', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const looks: [(state: WorkingState) => unknown, string][] = [
      [(state) => state.session('s'), 'session s was not loaded'],
      [(state) => state.run('run_1'), 'run run_1 was not loaded'],
      [(state) => state.slot('a'), 'slot a was not loaded'],
      [(state) => state.running(), 'running runs were not loaded'],
      [(state) => state.seal('a', undefined), 'slot a was not loaded'],
    ];
    for (const [look, message] of looks) {
      await expect(seen(store, {}, look)).rejects.toThrow(message);
    }
  });

  test('sees of what does not exist that it does not', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const load = { session: 's', run: 'run_1', slots: ['a'], admission: true } as const;
    expect(
      await seen(store, load, (state) => [
        state.session('s'),
        state.run('run_1'),
        state.slot('a'),
        state.running(),
      ]),
    ).toEqual([undefined, undefined, { lastVersion: 0 }, { total: 0, byRoute: new Map() }]);
  });

  test('sees of its session the active run and the head of the queue, or the whole queue', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await busySession(store);
    expect(
      await seen(store, { session: 's' }, (state) => statuses(state, 'run_1', 'run_2')),
    ).toEqual(['running', 'queued']);
    await expect(seen(store, { session: 's' }, (state) => state.run('run_3'))).rejects.toThrow(
      'run run_3 was not loaded',
    );
    expect(
      await seen(store, { session: 's', queue: 'all' }, (state) =>
        statuses(state, 'run_2', 'run_3', 'run_4'),
      ),
    ).toEqual(['queued', 'queued', 'queued']);
  });

  test('may load a run that its session brings too, and records to it once', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await busySession(store);
    await store.commit({
      load: { session: 's', run: 'run_1' },
      decide: (state) => state.record(completed('s', 'run_1', 'done')),
    });
    expect(store.read.run('run_1')?.status).toBe('completed');
    expect((await store.verify()).findings).toEqual([]);
  });
});

describe('the number of running runs', () => {
  test('is by route, and moves with what the decision records', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    for (const [id, route] of [
      ['a', 'main'],
      ['b', 'main'],
      ['c', 'other'],
    ] as const) {
      await store.commit(
        recording(id, created(id), routed(id, `run-${id}`, route), started(id, `run-${id}`)),
      );
    }
    await store.commit(recording('d', created('d'), routed('d', 'run-d', 'third')));

    const counts = await store.commit({
      load: { session: 'd', run: 'run-a', admission: true },
      decide: (state) => {
        const count = () => {
          const { total, byRoute } = state.running();
          return [total, Object.fromEntries(byRoute)];
        };
        const before = count();
        state.record(started('d', 'run-d'));
        const more = count();
        state.record(intended('d', 'run-d', 'x'));
        const same = count();
        state.record(answered('d', 'run-d', 'x', 'done'), completed('d', 'run-d', 'done'));
        return [before, more, same, count()];
      },
    });
    expect(counts).toEqual([
      [3, { main: 2, other: 1 }],
      [4, { main: 2, other: 1, third: 1 }],
      [4, { main: 2, other: 1, third: 1 }],
      [3, { main: 2, other: 1, third: 0 }],
    ]);
    expect(store.read.runningByRoute()).toEqual(
      new Map([
        ['main', 2],
        ['other', 1],
      ]),
    );
  });

  test('does not move when a queued run is accepted or cancelled', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await store.commit(recording('s', created('s')));
    const total = await store.commit({
      load: { session: 's', admission: true },
      decide: (state) => {
        state.record(accepted('s', 'run_1'));
        state.record({ type: 'run_cancelled', session_id: 's', run_id: 'run_1' });
        return state.running();
      },
    });
    expect(total).toEqual({ total: 0, byRoute: new Map() });
  });
});

test('messages of one command, and of the next, stand one behind the other', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  await store.commit(
    recording(
      's',
      created('s'),
      accepted('s', 'run_1', 'one'),
      started('s', 'run_1'),
      intended('s', 'run_1', 'a'),
      answered('s', 'run_1', 'a', 'two'),
    ),
  );
  await store.commit(
    recording('s', intended('s', 'run_1', 'b'), answered('s', 'run_1', 'b', 'three')),
  );
  const { rows } = store.feed.page({ after: 0, limit: 100 });
  const entries = root.rows<{ idx: number; seq: number }>('SELECT * FROM messages ORDER BY idx');
  const types = entries.map(({ idx, seq }) => [idx, rows[seq - 1]?.type]);
  expect(types).toEqual([
    [0, 'run_started'],
    [1, 'action_settled'],
    [2, 'action_settled'],
  ]);
  expect(store.read.messages('s', { from: 0, limit: 9 }).map((entry) => entry.run_id)).toEqual([
    'run_1',
    'run_1',
    'run_1',
  ]);
});

test('a decision that records nothing leaves no trace', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  await busySession(store);
  const head = store.feed.head();
  const tables = () => root.rows('SELECT * FROM sessions').concat(root.rows('SELECT * FROM runs'));
  const before = tables();
  root.clock.advance(1_000);
  expect(await seen(store, { session: 's', queue: 'all' }, (state) => state.atMs)).toBe(
    root.clock.now(),
  );
  expect([store.feed.head(), tables()]).toEqual([head, before]);
});

test('what a decision only looked at is not written', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  await busySession(store);
  const kept = () => root.rows('SELECT * FROM runs ORDER BY first_seq');
  const before = kept();
  await store.commit({
    load: { session: 's', queue: 'all' },
    decide: (state) =>
      state.record({ type: 'session_route_policy_set', session_id: 's', route_policy: null }),
  });
  expect(kept()).toEqual(before);
  const sessions = root.rows('SELECT * FROM sessions');
  await store.commit({
    load: { session: 's' },
    decide: (state) => state.record({ type: 'daemon_stopped', incarnation: 1 }),
  });
  expect([kept(), root.rows('SELECT * FROM sessions')]).toEqual([before, sessions]);
});

test('an aggregate is written with the place of its own newest event', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  await store.commit(recording('s', created('s'), accepted('s', 'run_1'), accepted('s', 'run_2')));
  await store.commit(recording('s', started('s', 'run_1')));
  expect(root.rows('SELECT run_id, first_seq, seq FROM runs ORDER BY first_seq')).toEqual([
    { run_id: 'run_1', first_seq: 2, seq: 4 },
    { run_id: 'run_2', first_seq: 3, seq: 3 },
  ]);
  expect(root.rows('SELECT session_id, seq FROM sessions')).toEqual([{ session_id: 's', seq: 4 }]);
});

test('two sessions of one command have each the place of its own event', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  await store.commit({ load: {}, decide: (state) => state.record(created('a'), created('b')) });
  expect(root.rows('SELECT session_id, seq FROM sessions ORDER BY seq')).toEqual([
    { session_id: 'a', seq: 1 },
    { session_id: 'b', seq: 2 },
  ]);
});

test('what changes a run or a session but not its status is in the tables too', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  await busySession(store);
  await store.commit(recording('s', intended('s', 'run_1', 'a', 7)));
  await store.commit(recording('s', answered('s', 'run_1', 'a', 'said')));
  const states = root.rows<{ state: string }>(
    `SELECT state FROM runs WHERE run_id = 'run_1' UNION ALL SELECT state FROM sessions`,
  );
  expect(states.map(({ state }) => JSON.parse(state) as unknown)).toMatchObject([
    { step: 7, status: 'running', open_actions: [] },
    { message_count: 2, status: 'open' },
  ]);
});
