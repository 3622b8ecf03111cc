import { describe, expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { startWatchdog } from './watchdog.ts';

/** A clock that moves only when told to. */
function manualClock(): Clock & { advance(ms: number): Promise<void> } {
  let time = 0;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  return {
    now: () => time,
    monotonic: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { at: time + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper);
          reject(signal.reason as Error);
        });
      }),
    async advance(ms) {
      time += ms;
      for (const sleeper of sleepers) {
        if (sleeper.at > time) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    },
  };
}

describe('startWatchdog', () => {
  test('passes the idle limit only when nothing touched it for that long', async () => {
    const clock = manualClock();
    const seen: string[] = [];
    const dog = startWatchdog(clock, { idleMs: 10 }, (limit) => seen.push(limit));
    await clock.advance(9);
    dog.touch();
    await clock.advance(9);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual(['idle']);
  });

  test('passes the total limit however often it is touched, and once', async () => {
    const clock = manualClock();
    const seen: string[] = [];
    const dog = startWatchdog(clock, { idleMs: 10, totalMs: 25 }, (limit) => seen.push(limit));
    for (let step = 0; step < 6; step += 1) {
      await clock.advance(5);
      dog.touch();
    }
    expect(seen).toEqual(['total']);
  });

  test('says nothing once stopped', async () => {
    const clock = manualClock();
    const seen: string[] = [];
    const dog = startWatchdog(clock, { idleMs: 10 }, (limit) => seen.push(limit));
    dog.stop();
    await clock.advance(50);
    expect(seen).toEqual([]);
  });
});
