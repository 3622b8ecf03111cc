import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createClient } from '../create-client.ts';
import { DaemonUnreachable, UnexpectedAnswer } from '../errors.ts';
import { hastyClock } from '../testing/hasty-clock.ts';
import {
  RUN,
  completed,
  cursorOf,
  frameText,
  json,
  problem,
  runView,
  send,
  serve,
  startStream,
  started,
} from '../testing/journal-server.ts';
import type { StreamFrame } from './frame.ts';

const client = (baseUrl: string, more: object = {}) =>
  createClient({ baseUrl, clock: hastyClock, ...more });

async function all(frames: AsyncIterable<StreamFrame>): Promise<StreamFrame[]> {
  const seen: StreamFrame[] = [];
  for await (const frame of frames) seen.push(frame);
  return seen;
}
const ids = (frames: StreamFrame[]) => frames.map(({ id }) => Number(id));
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('reconnecting', () => {
  test('200 disconnects at random bytes yield every event once and in order', async () => {
    const seed = Number(process.env['KHEISH_TEST_SEED'] ?? Date.now() % 2 ** 31);
    console.info(`seed ${seed}`);
    const chance = fc.sample(fc.nat({ max: 999 }), { numRuns: 1_000, seed });
    const last = 1_000;
    const journal = upTo(last).map((seq) =>
      frameText(seq === last ? completed(seq) : started(seq), seq),
    );
    let cuts = 0;
    await using server = await serve(async (seen, response) => {
      startStream(response);
      // Now and then what the client already has comes again, as after a cut on the way.
      const again = cuts % 7 === 0 ? 2 : 0;
      const rest = journal.slice(Math.max(0, cursorOf(seen) - again)).join('');
      if (cuts >= 200) {
        response.end(rest);
        return;
      }
      const length = chance[cuts]!;
      cuts += 1;
      await send(response, rest.slice(0, length));
      if (cuts % 3 === 0) response.end();
      else response.destroy();
    });
    const frames = await all(client(server.baseUrl).runs.stream(RUN));
    expect(cuts).toBe(200);
    expect(ids(frames)).toEqual(upTo(last));
  });

  test('keeps the seed cursor across disconnects before the first event', async () => {
    await using server = await serve((_, response) => {
      startStream(response);
      if (server.requests.length < 3) response.destroy();
      else response.end(frameText(completed(42), 42));
    });
    await all(client(server.baseUrl).runs.stream(RUN, { cursor: '41' }));
    expect(server.requests.map(cursorOf)).toEqual([41, 41, 41]);
  });

  test('sends the last id as Last-Event-ID', async () => {
    await using server = await serve(async (_, response) => {
      startStream(response);
      if (server.requests.length === 1) {
        await send(response, frameText(started(9), 9));
        response.destroy();
      } else response.end(frameText(completed(10), 10));
    });
    await all(client(server.baseUrl).runs.stream(RUN));
    expect(server.requests.map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      '9',
    ]);
  });

  test('without a cursor asks first where the newest event is', async () => {
    await using server = await serve((seen, response) => {
      if (seen.url === '/v1/status') return problem(response, 401, 'auth/missing_token');
      startStream(response);
    });
    await expect(all(client(server.baseUrl).events.stream())).rejects.toMatchObject({
      status: 401,
    });
    expect(server.requests.map(({ url }) => url)).toEqual(['/v1/status']);
  });

  test('goes on across a restart of the daemon on its port', async () => {
    const first = await serve(async (_, response) => {
      startStream(response);
      await send(response, frameText(started(1), 1));
    });
    const frames: StreamFrame[] = [];
    const following = (async () => {
      for await (const frame of client(first.baseUrl).runs.stream(RUN)) frames.push(frame);
    })();
    while (frames.length === 0) await sleep(1);
    await first[Symbol.asyncDispose]();
    await sleep(20);
    await using second = await serve((seen, response) => {
      startStream(response);
      response.end(frameText(completed(cursorOf(seen) + 1), cursorOf(seen) + 1));
    }, first.port);
    await following;
    expect(ids(frames)).toEqual([1, 2]);
    expect(second.requests).toHaveLength(1);
  });
});

const delta = (attempt: number, offset: number, text: string) => ({
  type: 'model_delta',
  run_id: RUN,
  session_id: 's',
  step: 1,
  attempt,
  offset,
  text,
});

describe('deltas', () => {
  test('that are repeated after a reconnect are seen once; a higher attempt starts anew', async () => {
    const connections = [
      [delta(1, 0, 'Hel'), delta(1, 3, 'lo')],
      [delta(1, 0, 'Hello wor'), delta(1, 9, 'ld')],
      [delta(2, 0, 'Bye'), delta(1, 11, '!'), delta(2, 3, '.')],
    ];
    await using server = await serve(async (_, response) => {
      startStream(response);
      for (const event of connections[server.requests.length - 1] ?? []) {
        await send(response, frameText(event));
      }
      if (server.requests.length < 3) response.destroy();
      else response.end(frameText(completed(1), 1));
    });
    const frames = await all(client(server.baseUrl).runs.stream(RUN));
    const texts = frames.flatMap(({ event }) =>
      event.type === 'model_delta' ? [[event.attempt, event.offset, event.text]] : [],
    );
    expect(texts).toEqual([
      [1, 0, 'Hel'],
      [1, 3, 'lo'],
      [1, 5, ' wor'],
      [1, 9, 'ld'],
      [2, 0, 'Bye'],
      [2, 3, '.'],
    ]);
  });

  test('begin anew after the run was recovered', async () => {
    const recovered = {
      type: 'run_recovered',
      session_id: 's',
      run_id: RUN,
      incarnation: 2,
      seq: 1,
    };
    await using server = await serve((_, response) => {
      startStream(response);
      const frames = [
        frameText(delta(1, 0, 'lost')),
        frameText(recovered, 1),
        frameText(delta(1, 0, 'kept')),
        frameText(completed(2), 2),
      ];
      response.end(frames.join(''));
    });
    const frames = await all(client(server.baseUrl).runs.stream(RUN));
    expect(frames.map(({ event }) => ('text' in event ? event.text : event.type))).toEqual([
      'lost',
      'run_recovered',
      'kept',
      'run_completed',
    ]);
  });
});

describe('a gap', () => {
  test('is yielded once and moves the cursor', async () => {
    const gap = { type: 'stream_gap', reason: 'retention_floor', resume_after_id: '70' };
    await using server = await serve(async (seen, response) => {
      startStream(response);
      if (cursorOf(seen) < 70) {
        await send(response, frameText(gap));
        response.destroy();
      } else response.end(frameText(completed(71), 71));
    });
    const frames = await all(client(server.baseUrl).runs.stream(RUN));
    expect(frames.map(({ event }) => event.type)).toEqual(['stream_gap', 'run_completed']);
  });
});

describe('the end', () => {
  test('comes by itself when the run was over before the cursor', async () => {
    await using server = await serve((seen, response) => {
      if (seen.url === `/v1/runs/${RUN}`) return json(response, 200, runView('completed'));
      startStream(response);
      response.end();
    });
    expect(await all(client(server.baseUrl).runs.stream(RUN, { cursor: '99' }))).toEqual([]);
  });

  test('waits for the events that were still to come when the run was seen to be over', async () => {
    let streams = 0;
    await using server = await serve((seen, response) => {
      if (seen.url === `/v1/runs/${RUN}`) return json(response, 200, runView('completed'));
      startStream(response);
      streams += 1;
      const frames = ['', frameText(started(1), 1), frameText(completed(2), 2)];
      response.end(frames[streams - 1]);
    });
    expect(ids(await all(client(server.baseUrl).runs.stream(RUN)))).toEqual([1, 2]);
  });

  test('is not taken from a close while the run goes on', async () => {
    await using server = await serve((seen, response) => {
      if (seen.url === `/v1/runs/${RUN}`) return json(response, 200, runView('running'));
      startStream(response);
      response.end(server.requests.length > 6 ? frameText(completed(1), 1) : '');
    });
    expect(ids(await all(client(server.baseUrl).runs.stream(RUN)))).toEqual([1]);
  });

  test('is quiet when the signal aborts, connected or not', async () => {
    const stop = new AbortController();
    await using server = await serve(async (_, response) => {
      startStream(response);
      await send(response, frameText(started(1), 1));
      stop.abort();
    });
    const options = { cursor: '0', signal: stop.signal };
    const frames = await all(client(server.baseUrl).sessions.stream('s', options));
    expect(frames.length).toBeLessThanOrEqual(1);
    expect(await all(client(server.baseUrl).sessions.stream('s', options))).toEqual([]);
  });

  test('closes the connection when the consumer leaves', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await serve(async (_, response) => {
      startStream(response);
      response.on('close', closed.resolve);
      await send(response, frameText(started(1), 1));
    });
    for await (const frame of client(server.baseUrl).runs.stream(RUN)) {
      expect(frame.id).toBe('1');
      break;
    }
    await closed.promise;
  });
});

describe('giving up', () => {
  test('after the grace without contact, once connected', async () => {
    const server = await serve(async (_, response) => {
      startStream(response);
      await send(response, frameText(started(1), 1));
      response.destroy();
      await server[Symbol.asyncDispose]();
    });
    const frames: StreamFrame[] = [];
    const following = (async () => {
      const options = { graceMs: 100 };
      for await (const frame of client(server.baseUrl).runs.stream(RUN, options))
        frames.push(frame);
    })();
    await expect(following).rejects.toThrow(DaemonUnreachable);
    expect(ids(frames)).toEqual([1]);
  });

  test('at once when nothing listens from the start', async () => {
    const server = await serve(() => undefined);
    await server[Symbol.asyncDispose]();
    const frames = client(server.baseUrl, { graceMs: 3_600_000 }).runs.stream(RUN);
    await expect(all(frames)).rejects.toMatchObject({ refused: true });
  });

  test.each([
    [404, 'runs/run_not_found'],
    [401, 'auth/invalid_token'],
  ])('at once on %d', async (status, name) => {
    await using server = await serve((_, response) => problem(response, status, name));
    await expect(all(client(server.baseUrl).runs.stream(RUN))).rejects.toMatchObject({
      code: name,
    });
    expect(server.requests).toHaveLength(1);
  });

  test('at once on what is not a stream of events', async () => {
    await using html = await serve((_, response) => void response.end('<html>'));
    await expect(all(client(html.baseUrl).runs.stream(RUN))).rejects.toThrow(UnexpectedAnswer);
    await using garbage = await serve((_, response) => {
      startStream(response);
      response.end('data: {"typ\n\n');
    });
    await expect(all(client(garbage.baseUrl).runs.stream(RUN))).rejects.toThrow(UnexpectedAnswer);
  });
});
