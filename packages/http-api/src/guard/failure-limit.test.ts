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

function fail(limit: FailureLimit, bucket: string, times: number): number[] {
  return Array.from({ length: times }, () => limit.count(bucket));
}

describe('FailureLimit', () => {
  test('counts for 60 s, then anew', () => {
    const clock = handClock();
    const limit = new FailureLimit(clock);
    expect(fail(limit, 'a', 3)).toEqual([1, 2, 3]);
    clock.time = 59_999;
    expect(limit.count('a')).toBe(4);
    clock.time = 60_000;
    expect(limit.count('a')).toBe(1);
  });

  test('counts each bucket for itself', () => {
    const limit = new FailureLimit(handClock());
    fail(limit, 'a', 61);
    expect(limit.count('b')).toBe(1);
    expect(limit.count('a')).toBe(62);
  });

  test('keeps at most 4096 buckets, and drops the one that began first', () => {
    const limit = new FailureLimit(handClock());
    fail(limit, 'first', 61);
    for (let n = 0; n < 4_095; n += 1) limit.count(`other ${n}`);
    expect(limit.size).toBe(4_096);
    expect(limit.count('first')).toBe(62);
    limit.count('one more');
    expect(limit.size).toBe(4_096);
    expect(limit.count('first')).toBe(1);
  });
});
