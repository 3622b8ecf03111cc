import { describe, expect, test } from 'vitest';
import { EventStream } from '../testing/event-stream.ts';
import { realClock, runningApi } from '../testing/running-api.ts';

const inSession = (session_id: string) => ({ type: 'session_ended', session_id });

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
    let pages = -1;
    while (pages !== feed.pages) {
      pages = feed.pages;
      await realClock.sleep(20);
    }
    expect(pages).toBeLessThan(1_000 / 8);
    stream.resume();
    await stream.when(() => stream.ids.length === 1_000);
    feed.append(inSession('s1'));
    await stream.when(() => stream.ids.at(-1) === 1_001);
    expect(stream.ids).toEqual(feed.rows.map((row) => row.seq));
  });

  test('a reader who stalls in a replay is cut, and goes on where it was', async () => {
    const { api, port, feed, logged } = await runningApi({
      limits: { heartbeatMs: 5, streamStallMs: 50 },
    });
    for (let n = 0; n < 600; n += 1) feed.append({ ...inSession('s1'), text: 'x'.repeat(30_000) });
    const stalled = await EventStream.open(port, '/v1/sessions/s1/stream?cursor=0');
    stalled.pause();
    await expect.poll(() => api.followerCount(), { timeout: 20_000 }).toBe(0);
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
    await realClock.sleep(20);
    await api.close();
    stuck.resume();
    expect(await stuck.closed).toBe('cut');
  });
});
