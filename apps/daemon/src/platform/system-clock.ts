import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Clock, RandomSource } from '@kheish/core-model';

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

const POOL_BYTES = 4_096;
let pool: Uint8Array = new Uint8Array(0);

/** Bytes of the system's generator, drawn some thousands at a time: most callers want sixteen for an id. */
export const systemRandom: RandomSource = {
  bytes: (count) => {
    if (count > POOL_BYTES) return randomBytes(count);
    if (pool.length < count) pool = randomBytes(POOL_BYTES);
    // A copy: what `slice` of a Buffer gives shares its bytes.
    const drawn = new Uint8Array(pool.subarray(0, count));
    pool.fill(0, 0, count);
    pool = pool.subarray(count);
    return drawn;
  },
};
