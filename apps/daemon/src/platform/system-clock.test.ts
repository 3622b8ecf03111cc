import { expect, test } from 'vitest';
import { systemClock, systemRandom } from './system-clock.ts';

test('no byte is handed out twice, and none is what a caller can change later', () => {
  const drawn = Array.from({ length: 2_000 }, () => systemRandom.bytes(16));
  const first = Buffer.from(drawn[0] ?? []).toString('hex');
  drawn[1]?.fill(0);
  const hex = drawn.map((bytes) => Buffer.from(bytes).toString('hex'));
  expect(hex[0]).toBe(first);
  expect(new Set(hex).size).toBe(2_000);
  expect(hex.filter((text) => /^0+$/.test(text))).toHaveLength(1);
  for (const bytes of drawn) expect(bytes).toHaveLength(16);
});

test('any number of bytes, also more than are kept', () => {
  for (const count of [0, 1, 24, 4_095, 4_096, 4_097, 10_000]) {
    expect(systemRandom.bytes(count)).toHaveLength(count);
  }
});

test('a sleep ends at once when its signal aborts, before and during', async () => {
  const gone = new Error('gone');
  await expect(systemClock.sleep(60_000, AbortSignal.abort(gone))).rejects.toBe(gone);
  const stop = new AbortController();
  const sleeping = systemClock.sleep(60_000, stop.signal);
  stop.abort(gone);
  await expect(sleeping).rejects.toBe(gone);
});
