import type { Clock } from '@kheish/core-model';

const WINDOW_MS = 60_000;
const MAX_BUCKETS = 4_096;

/** Counts failures in windows of 60 s. Memory is bounded: the bucket that began first makes room. */
export class FailureLimit {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { count: number; readonly since: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a failure; how many the bucket has in its window, this one among them. */
  count(bucket: string): number {
    const now = this.#clock.monotonic();
    const current = this.#buckets.get(bucket);
    if (current !== undefined && now - current.since < WINDOW_MS) return (current.count += 1);
    this.#buckets.delete(bucket);
    if (this.#buckets.size >= MAX_BUCKETS) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    this.#buckets.set(bucket, { count: 1, since: now });
    return 1;
  }

  get size(): number {
    return this.#buckets.size;
  }
}
