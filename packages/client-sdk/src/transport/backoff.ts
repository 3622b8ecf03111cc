import { KheishError, type RandomSource } from '@kheish/core-model';
import { DaemonUnreachable, RequestTimedOut, UnexpectedAnswer } from '../errors.ts';
import type { Transport } from './transport.ts';

const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 2_000;

/** Milliseconds before the next attempt: doubling, and between half and all of it by chance. */
export function backoffMs(failures: number, random: RandomSource): number {
  const most = Math.min(LAST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 10));
  const [byte = 0] = random.bytes(1);
  return most * (0.5 + byte / 510);
}

const passing = new Set([502, 503, 504]);

/** Whether a daemon that restarts may be the reason. */
export function isPassing(error: unknown): boolean {
  if (error instanceof DaemonUnreachable || error instanceof RequestTimedOut) return true;
  if (error instanceof UnexpectedAnswer) return passing.has(error.status);
  return error instanceof KheishError && error.status === 503;
}

/**
 * Repeats `attempt` while it fails in passing, until `graceMs` have gone by.
 * `unless` names failures of the first attempt that are not worth repeating.
 */
export async function persist<T>(
  transport: Transport,
  attempt: () => Promise<T>,
  signal: AbortSignal | undefined,
  unless: (error: unknown) => boolean = () => false,
): Promise<T> {
  const start = transport.clock.monotonic();
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      const spent = transport.clock.monotonic() - start;
      if (!isPassing(error) || spent > transport.graceMs) throw error;
      if (failures === 0 && unless(error)) throw error;
      signal?.throwIfAborted();
      await transport.clock.sleep(backoffMs(failures, transport.random), signal);
    }
  }
}
