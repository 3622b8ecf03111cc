import type { RandomSource } from '@kheish/core-model';

/** How one model call is tried. All times in milliseconds. */
export interface CallPolicy {
  /** Attempts after the first. */
  readonly retries: number;
  /** Longest silence on the wire within one attempt. */
  readonly inactivityMs: number;
  /** One attempt from start to end. */
  readonly totalMs: number;
  /** The pause before the first retry; it doubles with each further one. */
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  /** A provider that asks for a longer pause gets this one. */
  readonly maxRetryAfterMs: number;
}

export const defaultCallPolicy: CallPolicy = {
  retries: 2,
  inactivityMs: 90_000,
  totalMs: 240_000,
  initialBackoffMs: 1000,
  maxBackoffMs: 30_000,
  maxRetryAfterMs: 60_000,
};

/**
 * The pause before retry number `retry` (from 1): between half and all of the exponential back-off, so that
 * callers that failed together do not return together, and no shorter than the provider asked.
 */
export function backoffMs(
  policy: CallPolicy,
  retry: number,
  retryAfterMs: number | undefined,
  random: RandomSource,
): number {
  const full = Math.min(policy.initialBackoffMs * 2 ** (retry - 1), policy.maxBackoffMs);
  const [high = 0, low = 0] = random.bytes(2);
  const share = 0.5 + (high * 256 + low) / 65_535 / 2;
  const asked = Math.min(retryAfterMs ?? 0, policy.maxRetryAfterMs);
  return Math.round(Math.max(full * share, asked));
}
