import { setImmediate as turn } from 'node:timers/promises';
import type { ModelDelta } from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventStream } from '../testing/event-stream.ts';
import type { FakeFeed } from '../testing/fake-feed.ts';
import { rawRequest } from '../testing/raw-request.ts';
import { realClock, runningApi } from '../testing/running-api.ts';

const inSession = (session_id: string) => ({ type: 'action_intended', session_id });
const inRun = (run_id: string, type = 'action_intended') => ({ type, session_id: 's1', run_id });

function delta(run_id: string, offset: number, text: string): ModelDelta {
  return { type: 'model_delta', run_id, session_id: 's1', step: 1, attempt: 1, offset, text };
}

function append(feed: FakeFeed, count: number): void {
  for (let n = 0; n < count; n += 1) feed.append(inSession('s1'));
}

describe('where a stream begins', () => {
  test.each<[string, string, Record<string, string>, number[]]>([
    ['a session without cursor is followed from now', '/v1/sessions/s1/stream', {}, [6]],
    ['all without cursor is followed from now', '/v1/events/stream', {}, [6]],
    [
      'a run without cursor is followed from its beginning',
      '/v1/runs/r1/stream',
      {},
      [2, 3, 4, 5, 6],
    ],
    ['cursor 0 is the floor', '/v1/sessions/s1/stream?cursor=0', {}, [1, 2, 3, 4, 5, 6]],
    ['a cursor is the last event seen', '/v1/events/stream?cursor=3', {}, [4, 5, 6]],
    ['Last-Event-ID is a cursor', '/v1/events/stream', { 'last-event-id': '4' }, [5, 6]],
    ['the larger one counts', '/v1/events/stream?cursor=2', { 'last-event-id': '4' }, [5, 6]],
    ['the larger one counts', '/v1/events/stream?cursor=4', { 'last-event-id': '2' }, [5, 6]],
    ['a blank one is none', '/v1/events/stream?cursor=', { 'last-event-id': '  ' }, [6]],
    [
      'a blank one leaves the other',
      '/v1/events/stream?cursor=3',
      { 'last-event-id': '' },
      [4, 5, 6],
    ],
    ['beyond the head is the head', '/v1/events/stream?cursor=99999999999999999999', {}, [6]],
  ])('%s (%s)', async (_, path, headers, ids) => {
    const { port, feed } = await runningApi();
    feed.append(inSession('s1'));
    for (let n = 0; n < 4; n += 1) feed.append(inRun('r1'));
    const stream = await EventStream.open(port, path, headers);
    feed.append(inRun('r1'));
    await stream.when(() => stream.ids.at(-1) === 6);
    expect(stream.ids).toEqual(ids);
  });

  test.each(['-1', '1.5', 'abc', '0x1', '1 2'])('the cursor %j is refused', async (cursor) => {
    const { port } = await runningApi();
    const path = `/v1/events/stream?cursor=${encodeURIComponent(cursor)}`;
    const byHeader = { path: '/v1/events/stream', headers: { 'last-event-id': cursor } };
    for (const answer of [await rawRequest(port, { path }), await rawRequest(port, byHeader)]) {
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ domain: 'events', code: 'invalid_event_cursor' });
    }
  });

  test('a cursor below the floor gets a gap first, whose id is the floor', async () => {
    const { port, feed } = await runningApi();
    append(feed, 5);
    feed.forget(3);
    for (const cursor of [0, 2]) {
      const stream = await EventStream.open(port, `/v1/events/stream?cursor=${cursor}`);
      const [gap, ...rest] = await stream.until(3);
      expect(gap).toMatchObject({
        id: '3',
        event: 'stream_gap',
        data: { type: 'stream_gap', reason: 'retention_floor', resume_after_id: '3' },
      });
      expect(rest.map(({ id }) => id)).toEqual(['4', '5']);
    }
    const atFloor = await EventStream.open(port, '/v1/events/stream?cursor=3');
    expect((await atFloor.until(2)).map(({ id }) => id)).toEqual(['4', '5']);
  });

  test('of one session nothing is missing below the floor', async () => {
    const { port, feed } = await runningApi();
    feed.append(inSession('s1'));
    append(feed, 3);
    feed.forget(3);
    const stream = await EventStream.open(port, '/v1/sessions/s1/stream?cursor=0');
    expect((await stream.until(4)).map(({ id }) => id)).toEqual(['1', '2', '3', '4']);
  });

  test('events that leave while they are read are announced as a gap', async () => {
    const limits = { replayPageRows: 2 };
    const { port, feed } = await runningApi({ limits });
    append(feed, 9);
    feed.afterPage = () => {
      if (feed.pages === 2) feed.forget(6);
    };
    const stream = await EventStream.open(port, '/v1/events/stream?cursor=0');
    const frames = await stream.until(8);
    expect(frames.map(({ id, event }) => [id, event === 'stream_gap'])).toEqual([
      ['1', false],
      ['2', false],
      ['3', false],
      ['4', false],
      ['6', true],
      ['7', false],
      ['8', false],
      ['9', false],
    ]);
  });

  test('a run followed from its beginning has no gap to announce', async () => {
    const { port, feed } = await runningApi();
    append(feed, 3);
    feed.append(inRun('r1'));
    feed.forget(3);
    const stream = await EventStream.open(port, '/v1/runs/r1/stream');
    expect((await stream.until(1)).map(({ id }) => id)).toEqual(['4']);
  });

  test('an unknown subject is 404 before anything is streamed; HEAD opens nothing', async () => {
    const { api, port } = await runningApi();
    for (const [path, code] of [
      ['/v1/sessions/unknown/stream', 'session_not_found'],
      ['/v1/runs/unknown/stream', 'run_not_found'],
      ['/v1/events/stream?session_id=unknown', 'session_not_found'],
      ['/v1/events/stream?run_id=unknown', 'run_not_found'],
    ] as const) {
      const answer = await rawRequest(port, { path });
      expect([answer.status, answer.json()['code']]).toEqual([404, code]);
    }
    const head = await rawRequest(port, { method: 'HEAD', path: '/v1/events/stream' });
    expect(head.status).toBe(200);
    expect(head.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(api.followerCount()).toBe(0);
  });
});

describe('what a stream carries', () => {
  test('the head and a first byte come at once; frames are the journaled events', async () => {
    const { port, feed } = await runningApi();
    const headers = { origin: 'http://localhost:1' };
    const stream = await EventStream.open(port, '/v1/events/stream', headers);
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'access-control-allow-origin': 'http://localhost:1',
    });
    expect(stream.headers['x-request-id']).toMatch(/^req_/);
    await stream.when(() => stream.comments.length > 0);
    feed.append({ type: 'session_created', session_id: 's1', text: 'a\nb' });
    expect(await stream.until(1)).toEqual([
      {
        id: '1',
        event: 'session_created',
        data: { type: 'session_created', session_id: 's1', text: 'a\nb', seq: 1 },
      },
    ]);
  });

  test('each follower gets its own session or run, and all events those who want all', async () => {
    const { port, feed } = await runningApi();
    const paths = [
      '/v1/events/stream',
      '/v1/sessions/s1/stream',
      '/v1/events/stream?session_id=s2',
      '/v1/runs/r1/stream',
      '/v1/events/stream?session_id=s2&run_id=r1',
    ];
    const replayed = paths.map((path) => path + (path.includes('?') ? '&' : '?') + 'cursor=0');
    const live = await Promise.all(paths.map((path) => EventStream.open(port, path)));
    feed.append(
      { type: 'daemon_started' },
      inSession('s1'),
      inSession('s2'),
      inRun('r1'),
      inRun('r2'),
    );
    const late = await Promise.all(replayed.map((path) => EventStream.open(port, path)));
    const expected = [[1, 2, 3, 4, 5], [2, 4, 5], [3], [4], []];
    for (const streams of [live, late]) {
      await Promise.all(streams.map((stream, n) => stream.until(expected[n]?.length ?? 0)));
      await turn();
      expect(streams.map((stream) => stream.ids)).toEqual(expected);
    }
  });

  test('replay and live join without gap or duplicate while events come in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          before: fc.nat({ max: 40 }),
          pageRows: fc.integer({ min: 1, max: 7 }),
          bursts: fc.array(fc.nat({ max: 5 }), { maxLength: 12 }),
          whilePaging: fc.array(fc.nat({ max: 2 }), { maxLength: 12 }),
          cursor: fc.nat({ max: 45 }),
          of: fc.constantFrom('all', 'session'),
        }),
        async ({ before, pageRows, bursts, whilePaging, cursor, of }) => {
          const { api, port, feed } = await runningApi({ limits: { replayPageRows: pageRows } });
          let turns = 0;
          const sessionOf = () => ((turns += 1) % 3 === 0 ? 's2' : 's1');
          const grow = (count: number) => {
            for (let n = 0; n < count; n += 1) feed.append(inSession(sessionOf()));
          };
          grow(before);
          const after = Math.min(cursor, before);
          // Between the read of a page and its use, a real store cannot commit; right after it can.
          const pending = [...whilePaging];
          feed.afterPage = () => void turn().then(() => grow(pending.shift() ?? 0));
          const path = of === 'all' ? '/v1/events/stream' : '/v1/sessions/s1/stream';
          const opening = EventStream.open(port, `${path}?cursor=${after}`);
          for (const count of bursts) {
            grow(count);
            await turn();
          }
          const stream = await opening;
          feed.afterPage = () => undefined;
          feed.append(inSession('s1'));
          const last = feed.head();
          await stream.when(() => stream.ids.at(-1) === last || (stream.ids.at(-1) ?? 0) > last);
          const wanted = feed.rows.filter(
            (row) => row.seq > after && (of === 'all' || row.session_id === 's1'),
          );
          expect(stream.ids.filter((id) => id <= last)).toEqual(
            wanted.map((row) => row.seq).filter((seq) => seq <= last),
          );
          stream.leave();
          await api.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test('an event whose body was erased is not sent from memory', async () => {
    const { port, feed } = await runningApi();
    const path = '/v1/events/stream?cursor=0';
    feed.append({ type: 'run_accepted', session_id: 's1', text: 'said' });
    expect((await (await EventStream.open(port, path)).until(1))[0]?.data['text']).toBe('said');
    const erased = { type: 'run_accepted', session_id: 's1', seq: 1 };
    feed.rows[0] = { ...erased, body: JSON.stringify(erased) };
    expect((await (await EventStream.open(port, path)).until(1))[0]?.data).toEqual(erased);
  });

  test('who attaches in the middle of a step first gets the text so far', async () => {
    const { port, deltas, feed } = await runningApi();
    append(feed, 3);
    deltas.underWay = [delta('r1', 0, 'Hello'), delta('other', 0, 'No')];
    const stream = await EventStream.open(port, '/v1/runs/r1/stream?cursor=0');
    await stream.until(1);
    deltas.say(delta('r1', 5, ' world'));
    deltas.say(delta('other', 2, '!'));
    deltas.say(delta('r1', 11, '.'));
    const frames = await stream.until(3);
    expect(frames.map(({ event, data }) => [event, data['offset'], data['text']])).toEqual([
      ['model_delta', 0, 'Hello'],
      ['model_delta', 5, ' world'],
      ['model_delta', 11, '.'],
    ]);
    expect(stream.ids).toEqual([]);
  });
});

describe('how a stream ends', () => {
  test.each(['run_completed', 'run_failed', 'run_interrupted', 'run_cancelled'])(
    'the stream of a run ends after %s, live and replayed; others go on',
    async (type) => {
      const { api, port, feed } = await runningApi();
      const live = await EventStream.open(port, '/v1/runs/r1/stream');
      const session = await EventStream.open(port, '/v1/sessions/s1/stream');
      const events = await EventStream.open(port, '/v1/events/stream?run_id=r1');
      feed.append(inRun('r1'), inRun('r2', type), inRun('r1', type), inRun('r1'));
      expect(await live.closed).toBe('ended');
      expect(live.ids).toEqual([1, 3]);
      const late = await EventStream.open(port, '/v1/runs/r1/stream');
      expect(await late.closed).toBe('ended');
      expect(late.ids).toEqual([1, 3]);
      expect((await session.until(4)).length).toBe(4);
      expect((await events.until(3)).length).toBe(3);
      await expect.poll(() => api.followerCount()).toBe(2);
    },
  );

  test('who comes back to a run that has ended with all of it seen is let go', async () => {
    const { port, feed, endedRuns } = await runningApi();
    feed.append(inRun('r1', 'run_completed'));
    endedRuns.add('r1');
    const stream = await EventStream.open(port, '/v1/runs/r1/stream', { 'last-event-id': '1' });
    expect(await stream.closed).toBe('ended');
    expect(stream.frames).toEqual([]);
  });

  test('a heartbeat comes from the clock, and everything stops with the last follower', async () => {
    const ticks: (() => void)[] = [];
    let sleeping = 0;
    const sleep = (ms: number, signal?: AbortSignal) => {
      expect(ms).toBe(10_000);
      sleeping += 1;
      return new Promise<void>((resolve, reject) => {
        ticks.push(() => resolve());
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      }).finally(() => (sleeping -= 1));
    };
    const { api, port, feed, deltas } = await runningApi({
      clock: {
        ...realClock,
        sleep: (ms, signal) => (ms === 1_000 ? realClock.sleep(ms, signal) : sleep(ms, signal)),
      },
    });
    const streams = [
      await EventStream.open(port, '/v1/events/stream'),
      await EventStream.open(port, '/v1/sessions/s1/stream'),
    ];
    expect([feed.listeners.size, deltas.listeners.size, sleeping]).toEqual([1, 1, 1]);
    for (const beats of [1, 2]) {
      ticks.pop()?.();
      for (const stream of streams) {
        await stream.when(
          () => stream.comments.filter((c) => c === ': heartbeat').length === beats,
        );
      }
    }
    for (const stream of streams) stream.leave();
    await expect.poll(() => api.followerCount()).toBe(0);
    await expect.poll(() => sleeping).toBe(0);
    expect([feed.listeners.size, deltas.listeners.size]).toEqual([0, 0]);
    await (await EventStream.open(port, '/v1/events/stream')).when(() => sleeping === 1);
  });

  test('close ends every stream and leaves nothing open', async () => {
    const sleeping = new Set<object>();
    const sleep = async (ms: number, signal?: AbortSignal) => {
      const call = {};
      sleeping.add(call);
      await realClock.sleep(ms, signal).finally(() => sleeping.delete(call));
    };
    const { api, port, feed, deltas } = await runningApi({ clock: { ...realClock, sleep } });
    append(feed, 10);
    const reading = await EventStream.open(port, '/v1/events/stream?cursor=0');
    const live = await EventStream.open(port, '/v1/sessions/s1/stream');
    await reading.until(10);
    await api.close();
    expect(await Promise.all([reading.closed, live.closed])).toEqual(['ended', 'ended']);
    expect([api.followerCount(), feed.listeners.size, deltas.listeners.size]).toEqual([0, 0, 0]);
    await turn();
    expect(sleeping.size).toBe(0);
    await expect(EventStream.open(port, '/v1/events/stream')).rejects.toThrow('ECONNREFUSED');
  });

  test('a feed that fails ends the stream and is logged', async () => {
    const { port, feed, logged } = await runningApi();
    feed.afterPage = () => {
      throw new Error('disk');
    };
    const stream = await EventStream.open(port, '/v1/events/stream?cursor=0');
    expect(await stream.closed).toBe('cut');
    expect(logged.map(({ message }) => message)).toEqual(['A stream failed.']);
  });
});
