import { describe, expect, test } from 'vitest';
import { EventStream } from '../testing/event-stream.ts';
import type { FakeFeed } from '../testing/fake-feed.ts';
import { realClock, runningApi } from '../testing/running-api.ts';

const inSession = (session_id: string) => ({ type: 'session_ended', session_id });

/** Resolves when all that lies between the journal and a reader that takes nothing is full. */
async function noMorePages(feed: FakeFeed): Promise<void> {
  for (let still = 0, pages = feed.pages; still < 10; still += 1) {
    await realClock.sleep(20);
    if (pages !== feed.pages) still = 0;
    pages = feed.pages;
  }
}

describe('a slow reader', () => {
  test('a reader who does not read is cut; the others are not', async () => {
    const { api, port, feed, logged } = await runningApi({
      limits: { streamBacklogBytes: 65_536 },
    });
    const slow = await EventStream.open(port, '/v1/sessions/s1/stream');
    const quick = await EventStream.open(port, '/v1/sessions/s1/stream');
    slow.pause();
    const text = 'x'.repeat(30_000);
    while (api.followerCount() === 2) {
      feed.append({ ...inSession('s1'), text });
      await quick.when(() => quick.ids.at(-1) === feed.head());
    }
    expect(quick.ids.length).toBe(feed.head());
    slow.resume();
    expect(await slow.closed).toBe('cut');
    expect(logged.map(({ message }) => message)).toEqual([
      'A stream was cut: its reader is too slow.',
    ]);
    feed.append(inSession('s1'));
    await quick.when(() => quick.ids.at(-1) === feed.head());
  });

  test('a slow reader of a long replay is waited for, without reading ahead', async () => {
    const { port, feed } = await runningApi({
      limits: { streamBacklogBytes: 65_536, replayPageRows: 8 },
    });
    const text = 'x'.repeat(30_000);
    for (let n = 0; n < 1_000; n += 1) feed.append({ ...inSession('s1'), text });
    const stream = await EventStream.open(port, '/v1/sessions/s1/stream?cursor=0');
    stream.pause();
    await noMorePages(feed);
    expect(feed.pages).toBeLessThan(1_000 / 8);
    stream.resume();
    await stream.when(() => stream.ids.length === 1_000);
    feed.append(inSession('s1'));
    await stream.when(() => stream.ids.at(-1) === 1_001);
    expect(stream.ids).toEqual(feed.rows.map((row) => row.seq));
  });

  test('a reader who stalls in a replay is cut, and goes on where it was', async () => {
    let now = 0;
    const { api, port, feed, logged } = await runningApi({
      clock: { ...realClock, monotonic: () => now },
      limits: { heartbeatMs: 5 },
    });
    for (let n = 0; n < 600; n += 1) feed.append({ ...inSession('s1'), text: 'x'.repeat(30_000) });
    const stalled = await EventStream.open(port, '/v1/sessions/s1/stream?cursor=0');
    stalled.pause();
    while (api.followerCount() > 0) {
      await realClock.sleep(10);
      now += 5_000;
    }
    expect(logged.map(({ message }) => message)).toEqual([
      'A stream was cut: its reader is too slow.',
    ]);
    stalled.resume();
    expect(await stalled.closed).toBe('cut');
    const seen = stalled.ids;
    expect(seen.length).toBeLessThan(600);
    const again = await EventStream.open(port, '/v1/sessions/s1/stream', {
      'last-event-id': String(seen.at(-1) ?? 0),
    });
    await again.when(() => again.ids.at(-1) === 600);
    expect([...seen, ...again.ids]).toEqual(feed.rows.map((row) => row.seq));
  });

  test('close destroys the socket of a reader who takes nothing', async () => {
    const { api, port, feed } = await runningApi({ limits: { closeGraceMs: 20 } });
    for (let n = 0; n < 600; n += 1) feed.append({ ...inSession('s1'), text: 'x'.repeat(30_000) });
    const stuck = await EventStream.open(port, '/v1/events/stream?cursor=0');
    stuck.pause();
    await noMorePages(feed);
    await api.close();
    stuck.resume();
    expect(await stuck.closed).toBe('cut');
  });
});
