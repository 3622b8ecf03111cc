import { describe, expect, test } from 'vitest';
import { createClient } from '../create-client.ts';
import { DaemonUnreachable, WaitTimedOut } from '../errors.ts';
import { hastyClock } from '../testing/hasty-clock.ts';
import {
  RUN,
  completed,
  frameText,
  json,
  problem,
  runView,
  serve,
  startStream,
} from '../testing/journal-server.ts';

const client = (baseUrl: string) => createClient({ baseUrl, clock: hastyClock });

describe('runs.wait', () => {
  test('returns the run once it is over, across failures in passing', async () => {
    await using server = await serve((seen, response) => {
      const turn = server.requests.length;
      if (turn === 1) return void response.destroy();
      if (turn === 2) return problem(response, 503, 'readiness/daemon_draining');
      if (seen.url.startsWith(`/v1/runs/${RUN}/stream`)) {
        startStream(response);
        return void response.end(frameText(completed(1), 1));
      }
      if (turn === 4) return void response.destroy();
      json(response, 200, runView('completed'));
    });
    expect((await client(server.baseUrl).runs.wait(RUN)).status).toBe('completed');
  });

  test('times out, and says that the run goes on', async () => {
    await using server = await serve((_, response) => startStream(response));
    const waiting = client(server.baseUrl).runs.wait(RUN, { timeoutMs: 500 });
    await expect(waiting).rejects.toThrow(WaitTimedOut);
    await expect(waiting).rejects.toThrow(/goes on/);
  });

  test('rejects with the reason of its signal', async () => {
    const stop = new AbortController();
    await using server = await serve((_, response) => {
      startStream(response);
      stop.abort(new Error('enough'));
    });
    const waiting = client(server.baseUrl).runs.wait(RUN, { signal: stop.signal });
    await expect(waiting).rejects.toThrow('enough');
  });

  test('gives up after the grace when nothing answers', async () => {
    const server = await serve(() => undefined);
    await server[Symbol.asyncDispose]();
    const waiting = client(server.baseUrl).runs.wait(RUN, { graceMs: 60 });
    await expect(waiting).rejects.toThrow(DaemonUnreachable);
  });
});

const suspended = (seq: number, waiting_for: 'approval' | 'user_question') => {
  const ids = { session_id: 's', run_id: RUN };
  return { type: 'run_suspended', ...ids, waiting_for, seq, at_ms: seq, v: 1 };
};

/** A run's stream, and its statuses as they are asked for. */
const daemon = (events: readonly { type: string; seq: number }[], statuses: readonly string[]) => {
  const left = [...statuses];
  return serve((seen, response) => {
    if (!seen.url.includes('/stream')) return json(response, 200, runView(left.shift() ?? '?'));
    startStream(response);
    response.write(events.map((event) => frameText(event, event.seq)).join(''));
  });
};

describe('runs.wait until the run is blocked', () => {
  test.each(['waiting_for_approval', 'waiting_for_user_question'])(
    'returns a run that is %s',
    async (status) => {
      await using server = await daemon([suspended(1, 'approval')], [status]);
      const run = await client(server.baseUrl).runs.wait(RUN, { untilBlocked: true });
      expect(run.status).toBe(status);
    },
  );

  test('goes on where the run has gone on since, and returns at the next block', async () => {
    const events = [suspended(1, 'approval'), suspended(3, 'user_question')];
    await using server = await daemon(events, ['running', 'waiting_for_user_question']);
    const run = await client(server.baseUrl).runs.wait(RUN, { untilBlocked: true });
    expect(run.status).toBe('waiting_for_user_question');
  });

  test('looks where events are missing', async () => {
    const gap = { type: 'stream_gap', resume_after_id: '9', seq: 9 };
    await using server = await daemon([gap], ['waiting_for_approval']);
    const run = await client(server.baseUrl).runs.wait(RUN, { untilBlocked: true });
    expect(run.status).toBe('waiting_for_approval');
  });

  test('is not what a wait is unless asked for', async () => {
    await using server = await daemon([suspended(1, 'approval'), completed(2)], ['completed']);
    expect((await client(server.baseUrl).runs.wait(RUN)).status).toBe('completed');
    expect(server.requests.filter(({ url }) => !url.includes('/stream'))).toHaveLength(1);
  });
});

const page = (status: string, next?: string) => ({
  items: [runView(status)],
  pagination: {
    limit: 1,
    has_more: next !== undefined,
    order: 'x',
    ...(next && { next_cursor: next }),
  },
});

describe('runs.list', () => {
  test('is the first page when awaited, and all items when iterated', async () => {
    await using server = await serve((seen, response) => {
      const cursor = new URL(seen.url, 'http://x').searchParams.get('cursor');
      if (cursor === null) json(response, 200, page('queued', 'c1'));
      else if (cursor === 'c1') json(response, 200, page('running', 'c2'));
      else json(response, 200, page('failed'));
    });
    const first = await client(server.baseUrl).runs.list({
      limit: 1,
      sessionId: 's',
      order: 'desc',
    });
    expect(first.pagination.next_cursor).toBe('c1');
    expect(server.requests[0]?.url).toBe('/v1/runs?limit=1&session_id=s&order=desc');

    const statuses: string[] = [];
    for await (const run of client(server.baseUrl).runs.list({ limit: 1, sessionId: 's' })) {
      statuses.push(run.status);
    }
    expect(statuses).toEqual(['queued', 'running', 'failed']);
    expect(server.requests.at(-1)?.url).toBe('/v1/runs?limit=1&cursor=c2&session_id=s');
  });
});
