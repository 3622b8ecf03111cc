import { type Clock, KheishError, type ModelDriver, type ModelEvent } from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { requestOf } from '../testing/drivers-under-test.ts';
import type { CallDelta } from './call-attempt.ts';
import { type ModelCall, callModel } from './call-model.ts';
import { backoffMs, defaultCallPolicy } from './call-policy.ts';

const done: ModelEvent = { type: 'done', stop_reason: 'end' };
const part: ModelEvent = { type: 'part', part: { type: 'text', text: 'ok' } };
const text = (said: string): ModelEvent => ({ type: 'text_delta', text: said });
const thought = (said: string): ModelEvent => ({ type: 'reasoning_delta', text: said });
const limited = (retryAfterMs: number) =>
  new KheishError('models/rate_limited', 'x', { retryAfterMs });
const most = { bytes: (count: number) => new Uint8Array(count).fill(255) };

/** Sleeps at once, and remembers how long; the watchdog of an attempt sleeps for ever. */
function jumpingClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => 0,
    monotonic: () => 0,
    sleep: (ms, signal) => {
      if (ms === defaultCallPolicy.inactivityMs) {
        return new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        });
      }
      slept.push(ms);
      return Promise.resolve();
    },
  };
}

/** Each attempt plays the next list: its events, or an error. */
function driverOf(...attempts: (ModelEvent | Error)[][]): ModelDriver {
  return {
    name: 'test',
    async *stream() {
      for (const item of attempts.shift() ?? []) {
        if (item instanceof Error) throw item;
        yield item;
      }
    },
  };
}

function call(driver: ModelDriver, change: Partial<ModelCall> = {}) {
  const clock = jumpingClock();
  const signal = new AbortController().signal;
  const answer = callModel({
    driver,
    request: requestOf(),
    clock,
    random: most,
    signal,
    ...change,
  });
  return { answer, slept: clock.slept };
}

const unavailable = new KheishError('models/unavailable', 'down');

describe('callModel', () => {
  test('gives the parts of the attempt that succeeded, and how many there were', async () => {
    const { answer, slept } = call(driverOf([part, unavailable], [part, done]));
    expect(await answer).toEqual({
      parts: [{ type: 'text', text: 'ok' }],
      stop_reason: 'end',
      attempts: 2,
    });
    expect(slept).toEqual([1000]);
  });

  test('retries twice, backing off, then gives the last error', async () => {
    const last = new KheishError('models/overloaded', 'last');
    const { answer, slept } = call(driverOf([unavailable], [unavailable], [last], [part, done]));
    await expect(answer).rejects.toBe(last);
    expect(slept).toEqual([1000, 2000]);
  });

  test.each([
    new KheishError('models/authentication_failed', 'no'),
    new KheishError('models/invalid_request', 'no'),
    new KheishError('models/context_exceeded', 'no'),
    new Error('a bug of ours'),
  ])('does not retry %s', async (error) => {
    const { answer, slept } = call(driverOf([error], [part, done]));
    await expect(answer).rejects.toBe(error);
    expect(slept).toEqual([]);
  });

  test('retries a stream that is cut or malformed after the first tokens, with a higher attempt', async () => {
    const heard: CallDelta[] = [];
    const malformed = new KheishError('models/malformed_response', 'x');
    const { answer } = call(
      driverOf(
        [text('a🌍'), thought('hm'), text('b')],
        [text('c'), malformed],
        [thought('h'), text('d'), text('e'), done],
      ),
      { onDelta: (delta) => heard.push(delta) },
    );
    expect((await answer).attempts).toBe(3);
    expect(heard).toEqual([
      { attempt: 1, offset: 0, text: 'a🌍' },
      { attempt: 1, offset: 0, reasoning: 'hm' },
      { attempt: 1, offset: 3, text: 'b' },
      { attempt: 2, offset: 0, text: 'c' },
      { attempt: 3, offset: 0, reasoning: 'h' },
      { attempt: 3, offset: 0, text: 'd' },
      { attempt: 3, offset: 1, text: 'e' },
    ]);
  });

  test('waits as long as the provider asks, up to the cap', async () => {
    const { answer, slept } = call(driverOf([limited(5000)], [limited(3_600_000)], [part, done]));
    await answer;
    expect(slept).toEqual([5000, 60_000]);
  });

  test('an aborted signal ends it at once, with its reason, during an attempt and between two', async () => {
    const reason = new Error('cancelled');
    const during = new AbortController();
    const waiting: ModelDriver = {
      name: 'test',
      // eslint-disable-next-line require-yield
      async *stream(_request, signal) {
        during.abort(reason);
        signal.throwIfAborted();
      },
    };
    await expect(call(waiting, { signal: during.signal }).answer).rejects.toBe(reason);

    const between = new AbortController();
    const clock: Clock = {
      now: () => 0,
      monotonic: () => 0,
      sleep: (ms, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
          if (ms === 1000) between.abort(reason);
        }),
    };
    const { answer } = call(driverOf([unavailable], [part, done]), {
      clock,
      signal: between.signal,
    });
    await expect(answer).rejects.toBe(reason);
  });

  test('a stream without done is cut', async () => {
    const { answer } = call(driverOf([part]), { policy: { retries: 0 } });
    await expect(answer).rejects.toMatchObject({ code: 'models/stream_cut' });
  });

  test('the total limit ends a provider that talks without end', async () => {
    let time = 0;
    const chatter: ModelDriver = {
      name: 'test',
      async *stream(_request, signal) {
        for (;;) {
          signal.throwIfAborted();
          time += 10_000;
          yield { type: 'alive' };
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    };
    const clock: Clock = {
      now: () => time,
      monotonic: () => time,
      sleep: async (ms, signal) => {
        const end = time + ms;
        for (;;) {
          if (time >= end || signal?.aborted === true) return;
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    };
    const { answer } = call(chatter, { clock, policy: { retries: 0 } });
    await expect(answer).rejects.toMatchObject({ code: 'models/timeout' });
    expect(time).toBeLessThan(300_000);
  });
});

describe('backoffMs', () => {
  test('stays between half and all of the back-off, and never under what was asked for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.option(fc.integer({ min: 0, max: 10_000_000 }), { nil: undefined }),
        fc.uint8Array({ minLength: 2, maxLength: 2 }),
        (retry, asked, bytes) => {
          const policy = defaultCallPolicy;
          const full = Math.min(policy.initialBackoffMs * 2 ** (retry - 1), policy.maxBackoffMs);
          const floor = Math.min(asked ?? 0, policy.maxRetryAfterMs);
          const ms = backoffMs(policy, retry, asked, { bytes: () => bytes });
          expect(ms).toBeGreaterThanOrEqual(Math.max(full / 2, floor));
          expect(ms).toBeLessThanOrEqual(Math.max(full, floor));
        },
      ),
    );
  });
});

test.each([-1, 1.5, '7', null, NaN, 1e308, [1]])(
  'a usage that counts %j tokens counts nothing, and the answer stands',
  async (count) => {
    const odd = { input_tokens: 3, output_tokens: count as number };
    const answer = await call(driverOf([part, { ...done, usage: odd }])).answer;
    expect(answer.usage).toBeUndefined();
    const sound = { input_tokens: 3, output_tokens: 0 };
    expect((await call(driverOf([part, { ...done, usage: sound }])).answer).usage).toEqual(sound);
  },
);
