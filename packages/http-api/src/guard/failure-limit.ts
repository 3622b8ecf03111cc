import type { Clock } from '@kheish/core-model';

const WINDOW_MS = 60_000;
const MAX_FAILURES = 60;
const MAX_BUCKETS = 4_096;

/** Counts failures in windows of 60 s. Memory is bounded: the bucket that began first makes room. */
export class FailureLimit {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { count: number; readonly since: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a failure; true when the bucket has had its 60 before. */
  exceeded(bucket: string): boolean {
    const now = this.#clock.monotonic();
    const current = this.#buckets.get(bucket);
    if (current !== undefined && now - current.since < WINDOW_MS) {
      current.count += 1;
      return current.count > MAX_FAILURES;
    }
    this.#buckets.delete(bucket);
    if (this.#buckets.size >= MAX_BUCKETS) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    this.#buckets.set(bucket, { count: 1, since: now });
    return false;
  }

  get size(): number {
    return this.#buckets.size;
  }
}
