import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { defaultHttpLimits } from '../http-limits.ts';
import { FakeDeltas, FakeFeed } from '../testing/fake-feed.ts';
import { realClock } from '../testing/running-api.ts';
import type { FeedFilter } from './feed.ts';
import { FollowerIndex } from './follower-index.ts';
import { FrameCache } from './frames.ts';
import { StreamHub } from './stream-hub.ts';

const row = (seq: number, bytes: number) => ({ seq, type: 'x', body: `"${'x'.repeat(bytes)}"` });

class Sink extends EventEmitter {
  readonly written: Buffer[] = [];
  readonly writableLength = 0;
  writableNeedDrain = false;
  write(frame: Buffer): boolean {
    this.written.push(frame);
    return true;
  }
  end(): void {
    this.emit('close');
  }
}

function runningHub(feed: FakeFeed, deltas = new FakeDeltas(), clock = realClock) {
  const log = { error: () => undefined, warn: () => undefined };
  const subjects = { sessionExists: () => true, run: () => 'active' as const };
  const limits = defaultHttpLimits;
  const hub = new StreamHub({ feed, deltas, subjects, clock, log, limits });
  const follow = (filter: FeedFilter, after: number) => {
    const sink = new Sink();
    const request = { filter, after, announceGap: false, endsWithRun: false };
    hub.open(request, sink as unknown as ServerResponse);
    return sink;
  };
  return { hub, follow };
}

describe('StreamHub', () => {
  test('an event that a follower read before it was told of it comes once', () => {
    const feed = new FakeFeed();
    const { hub, follow } = runningHub(feed);
    let sink: Sink | undefined;
    feed.subscribe(() => {
      sink ??= follow({}, 0);
    });
    feed.append({ type: 'daemon_started' });
    feed.append({ type: 'daemon_stopped' });
    const ids = sink?.written.map((frame) => /^id: (\d+)/.exec(frame.toString())?.[1]);
    expect(ids).toEqual([undefined, '1', '2']);
    hub.close();
  });

  test('a sink that is behind gets no heartbeat on top', async () => {
    const tick = Promise.withResolvers<void>();
    let sleeps = 0;
    const forever = new Promise<void>(() => undefined);
    const sleep = () => ((sleeps += 1) === 1 ? tick.promise : forever);
    const { hub, follow } = runningHub(new FakeFeed(), new FakeDeltas(), { ...realClock, sleep });
    const [quick, behind] = [follow({}, 0), follow({}, 0)];
    behind.writableNeedDrain = true;
    tick.resolve();
    await expect.poll(() => sleeps).toBe(2);
    expect([quick.written.length, behind.written.length]).toEqual([2, 1]);
    hub.close();
  });

  test('gives all followers the very same bytes, live and replayed', () => {
    const feed = new FakeFeed();
    const deltas = new FakeDeltas();
    const { hub, follow } = runningHub(feed, deltas);
    const sinks = [follow({}, 0), follow({ sessionId: 's1' }, 0), follow({ runId: 'r1' }, 0)];
    feed.append({ type: 'run_started', session_id: 's1', run_id: 'r1' });
    sinks.push(follow({}, 0));
    deltas.say({
      type: 'model_delta',
      run_id: 'r1',
      session_id: 's1',
      step: 1,
      attempt: 1,
      offset: 0,
      text: 'a',
    });
    const [first] = sinks;
    for (const sink of sinks) {
      expect(sink.written).toHaveLength(3);
      sink.written.forEach((frame, n) => expect(frame).toBe(first?.written[n]));
    }
    hub.close();
    expect(hub.followerCount).toBe(0);
  });
});

describe('FollowerIndex', () => {
  test('finds the followers of an event without asking the others, and forgets who left', () => {
    let asked = 0;
    const follower = (filter: { sessionId?: string; runId?: string }) => ({
      get filter() {
        asked += 1;
        return filter;
      },
    });
    const index = new FollowerIndex();
    const all = follower({});
    const session = follower({ sessionId: 's1' });
    const run = follower({ runId: 'r1' });
    for (const one of [all, session, run]) index.add(one);
    for (let n = 0; n < 500; n += 1) index.add(follower({ sessionId: `s${n + 2}` }));
    for (let n = 0; n < 500; n += 1) index.add(follower({ runId: `r${n + 2}` }));
    asked = 0;
    expect([...index.of({ sessionId: 's1', runId: 'r1' })]).toEqual([all, session, run]);
    expect([...index.of({})]).toEqual([all]);
    expect(asked).toBeLessThan(10);
    index.delete(session);
    index.delete(run);
    expect([...index.of({ sessionId: 's1', runId: 'r1' })]).toEqual([all]);
    expect(index.size).toBe(1_001);
  });
});

describe('FrameCache', () => {
  test('encodes once, and stays within its bounds', () => {
    const frames = new FrameCache();
    const small = row(1, 1);
    expect(frames.of(small)).toBe(frames.of({ ...small }));
    const first = frames.of(small);
    for (let seq = 2; seq <= 1_025; seq += 1) frames.of(row(seq, 1));
    expect(frames.of(small)).not.toBe(first);
    for (let seq = 2_000; seq < 2_010; seq += 1) frames.of(row(seq, 1_000_000));
    expect(frames.bytes).toBeLessThanOrEqual(4 * 1_024 * 1_024);
    expect(frames.bytes).toBeGreaterThan(3_000_000);
  });
});
