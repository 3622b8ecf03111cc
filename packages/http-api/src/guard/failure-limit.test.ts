import type { Clock } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { FailureLimit } from './failure-limit.ts';

function handClock(): Clock & { time: number } {
  return {
    time: 0,
    now: () => 0,
    monotonic() {
      return this.time;
    },
    sleep: () => Promise.resolve(),
  };
}

function fail(limit: FailureLimit, bucket: string, times: number): boolean[] {
  return Array.from({ length: times }, () => limit.exceeded(bucket));
}

describe('FailureLimit', () => {
  test('allows 60 failures in 60 s, then none until the window is over', () => {
    const clock = handClock();
    const limit = new FailureLimit(clock);
    expect(fail(limit, 'a', 60)).not.toContain(true);
    clock.time = 59_999;
    expect(limit.exceeded('a')).toBe(true);
    clock.time = 60_000;
    expect(limit.exceeded('a')).toBe(false);
  });

  test('counts each bucket for itself', () => {
    const limit = new FailureLimit(handClock());
    fail(limit, 'a', 61);
    expect(limit.exceeded('b')).toBe(false);
    expect(limit.exceeded('a')).toBe(true);
  });

  test('keeps at most 4096 buckets, and drops the one that began first', () => {
    const limit = new FailureLimit(handClock());
    fail(limit, 'first', 61);
    for (let n = 0; n < 4_095; n += 1) limit.exceeded(`other ${n}`);
    expect(limit.size).toBe(4_096);
    expect(limit.exceeded('first')).toBe(true);
    limit.exceeded('one more');
    expect(limit.size).toBe(4_096);
    expect(limit.exceeded('first')).toBe(false);
  });
});
