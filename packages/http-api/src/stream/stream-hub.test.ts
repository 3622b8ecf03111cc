import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, ModelDelta } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { defaultHttpLimits } from '../http-limits.ts';
import { FakeDeltas, FakeFeed } from '../testing/fake-feed.ts';
import { realClock } from '../testing/running-api.ts';
import type { FeedFilter } from './feed.ts';
import { FollowerIndex } from './follower-index.ts';
import { StreamHub } from './stream-hub.ts';

class Sink extends EventEmitter {
  readonly written: Buffer[] = [];
  writableLength = 0;
  writableNeedDrain = false;
  readonly socket = { bytesWritten: 0 };
  destroyed = false;
  write(frame: Buffer): boolean {
    this.written.push(frame);
    return true;
  }
  end(): void {
    this.emit('close');
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

/** A clock whose sleeps of the heartbeat end when they are told to, with time passing by as much as they took. */
function beating() {
  let now = 0;
  let next = Promise.withResolvers<void>();
  const clock: Clock = {
    ...realClock,
    monotonic: () => now,
    sleep: (ms) => (ms === defaultHttpLimits.heartbeatMs ? next.promise : Promise.resolve()),
  };
  const beat = async () => {
    now += defaultHttpLimits.heartbeatMs;
    next.resolve();
    next = Promise.withResolvers();
    await turn();
  };
  return { clock, beat };
}

function runningHub(feed: FakeFeed, deltas = new FakeDeltas(), clock = realClock) {
  const log = { error: () => undefined, warn: () => undefined };
  const subjects = { sessionExists: () => true, run: () => 'active' as const };
  const limits = defaultHttpLimits;
  const hub = new StreamHub({ feed, deltas, subjects, clock, log, limits });
  const follow = (filter: FeedFilter, after: number, stands = () => true) => {
    const sink = new Sink();
    const request = { filter, after, announceGap: false, stands, endsWithRun: false };
    hub.open(request, sink as unknown as ServerResponse);
    return sink;
  };
  return { hub, follow };
}

const failing = () => {
  throw new Error('the disk');
};

function said(offset: number, text: string): ModelDelta {
  return { type: 'model_delta', run_id: 'r1', session_id: 's1', step: 1, attempt: 1, offset, text };
}

const texts = (sink: Sink) =>
  sink.written.flatMap((frame) => /"text":"(\w+)"/.exec(frame.toString())?.[1] ?? []);

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

  test('a reader that is behind gets no heartbeat on top, and is cut when it takes nothing more', async () => {
    const { clock, beat } = beating();
    const { hub, follow } = runningHub(new FakeFeed(), new FakeDeltas(), clock);
    const [quick, slow, stuck] = [follow({}, 0), follow({}, 0), follow({}, 0)];
    // Of what was written, all but one byte is taken; `slow` goes on taking, `stuck` does not.
    stuck.writableLength = slow.writableLength = 1;
    for (let beats = 1; beats <= 4; beats += 1) {
      expect([slow.destroyed, stuck.destroyed]).toEqual([false, false]);
      slow.socket.bytesWritten += 1;
      await beat();
    }
    expect([quick.destroyed, slow.destroyed, stuck.destroyed]).toEqual([false, false, true]);
    expect([quick.written.length, slow.written.length, stuck.written.length]).toEqual([5, 1, 1]);
    slow.writableLength = 0;
    await beat();
    expect(slow.written.length).toBe(2);
    expect(hub.followerCount).toBe(2);
    hub.close();
  });

  test('who attaches gets no part of the text beside the text so far', () => {
    const deltas = new FakeDeltas();
    deltas.current = () => {
      deltas.say(said(1, 'b'));
      return [said(0, 'ab')];
    };
    const { hub, follow } = runningHub(new FakeFeed(), deltas);
    const [first, second] = [follow({}, 0), follow({}, 0)];
    expect([texts(first), texts(second)]).toEqual([['ab', 'b'], ['ab']]);
    hub.close();
  });

  test('encodes an event and a delta once for all who follow it', () => {
    const feed = new FakeFeed();
    const deltas = new FakeDeltas();
    const { hub, follow } = runningHub(feed, deltas);
    const sinks = [follow({}, 0), follow({ sessionId: 's1' }, 0), follow({ runId: 'r1' }, 0)];
    feed.append({ type: 'run_started', session_id: 's1', run_id: 'r1' });
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
    const late = follow({}, 0);
    expect(late.written[1]?.toString()).toBe(first?.written[1]?.toString());
    hub.close();
    expect(hub.followerCount).toBe(0);
  });

  test('a follower whose token ends is dropped with what it has not got, at once or with the next beat', async () => {
    const feed = new FakeFeed();
    const { clock, beat } = beating();
    const { hub, follow } = runningHub(feed, new FakeDeltas(), clock);
    let valid = true;
    const stays = follow({}, 0);
    const revoked = follow({}, 0, () => valid);
    const expires = follow({}, 0, () => valid);
    await turn();
    valid = false;
    hub.dropUnlessStanding();
    expect([stays, revoked, expires].map(({ destroyed }) => destroyed)).toEqual([
      false,
      true,
      true,
    ]);
    const before = revoked.written.length;
    feed.append({ type: 'session_created', session_id: 's1' });
    expect(revoked.written.length).toBe(before);
    const unknown = follow({}, 0, failing);
    await turn();
    await beat();
    expect([unknown.destroyed, stays.destroyed, hub.followerCount]).toEqual([true, false, 1]);
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
    const of = (sessionId?: string, runId?: string) => {
      const found: unknown[] = [];
      index.forEach(sessionId, runId, (one) => found.push(one));
      return found;
    };
    expect(of('s1', 'r1')).toEqual([all, session, run]);
    expect(of()).toEqual([all]);
    expect(asked).toBeLessThan(10);
    index.delete(session);
    index.delete(run);
    expect(of('s1', 'r1')).toEqual([all]);
    expect(index.size).toBe(1_001);
  });
});
