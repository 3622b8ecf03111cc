import type { Clock } from './clock.ts';

export interface Watchdog {
  /** Something happened: the idle limit starts anew. Costs one clock reading. */
  touch(): void;
  stop(): void;
}

/** Milliseconds; an absent limit never passes. */
export interface WatchdogLimits {
  readonly idleMs?: number | undefined;
  readonly totalMs?: number | undefined;
}

/** Made once: a reason of its own for each abort would cost a stack trace each time. */
const watchOver = new Error('the watch is over');

/** Calls `expired` once: when `idleMs` pass without a touch, or `totalMs` pass at all. */
export function startWatchdog(
  clock: Clock,
  limits: WatchdogLimits,
  expired: (limit: 'idle' | 'total') => void,
): Watchdog {
  const { idleMs = Infinity, totalMs = Infinity } = limits;
  const stopped = new AbortController();
  const end = clock.monotonic() + totalMs;
  let touched = clock.monotonic();

  async function watch(): Promise<void> {
    while (!stopped.signal.aborted) {
      const left = Math.min(touched + idleMs, end) - clock.monotonic();
      if (left <= 0) {
        stopped.abort(watchOver);
        expired(clock.monotonic() >= end ? 'total' : 'idle');
        return;
      }
      await clock.sleep(left, stopped.signal);
    }
  }

  if (Math.min(idleMs, totalMs) < Infinity) {
    watch().catch((error: unknown) => {
      if (!stopped.signal.aborted) throw error;
    });
  }
  return {
    touch: () => {
      touched = clock.monotonic();
    },
    stop: () => stopped.abort(watchOver),
  };
}
