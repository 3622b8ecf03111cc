import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock, RandomSource } from './clock.ts';
import { idFactory } from './ids.ts';

const never = () => Promise.reject(new Error('nobody sleeps here'));

function clockAt(time: { ms: number }): Clock {
  return { now: () => time.ms, monotonic: () => time.ms, sleep: never };
}

/** Different bytes at each call: the count of calls, hashed lightly over all of them. */
function counting(): RandomSource {
  let calls = 0;
  return {
    bytes: (count) => {
      calls += 1;
      return Uint8Array.from(
        { length: count },
        (_, index) =>
          (Math.imul(calls, 2_654_435_761 + 2 * index) >>> 24) ^ (calls >>> (8 * (index % 4))),
      );
    },
  };
}

const zeros: RandomSource = { bytes: (count) => new Uint8Array(count) };

test('an id is its prefix and a UUID of version 7 with the time of the clock', () => {
  const id = idFactory(clockAt({ ms: 0x0192_3456_789a }), zeros)('run');
  expect(id).toMatch(/^run_01923456-789a-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('ids are ordered by the millisecond in which they are made', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1e10 }), { maxLength: 50 }), (steps) => {
      const time = { ms: 1_700_000_000_000 };
      const newId = idFactory(clockAt(time), counting());
      const ids = steps.map((step) => {
        time.ms += step;
        return newId('run');
      });
      expect(ids.toSorted()).toEqual(ids);
    }),
  );
});

test('ids of one millisecond differ, whatever chance says', () => {
  const clock = clockAt({ ms: 1_700_000_000_000 });
  const newId = idFactory(clock, counting());
  const ids = Array.from({ length: 10_000 }, () => newId('action'));
  expect(new Set(ids).size).toBe(ids.length);
  const same = idFactory(clock, zeros);
  expect(same('run')).not.toBe(same('run'));
});

test('an id is greater than those before it, whatever the clock and chance say', () => {
  const chance = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const steps = fc.array(fc.tuple(fc.integer({ min: -2, max: 2 }), chance), { minLength: 2 });
  fc.assert(
    fc.property(steps, (moves) => {
      const time = { ms: 1_000 };
      let bytes: Uint8Array = new Uint8Array(16);
      const newId = idFactory(clockAt(time), { bytes: () => bytes });
      const ids = moves.map(([move, next]) => {
        time.ms += move;
        bytes = next;
        return newId('run');
      });
      expect(ids).toEqual(ids.toSorted());
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );
});
