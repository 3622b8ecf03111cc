import { type Clock, KheishError } from '@kheish/core-model';

/** Made once: a reason of its own for each abort would cost a stack trace each time. */
const callOver = new Error('the call is over');

/** Runs a call for `timeoutMs` at most; then its signal aborts and it counts as failed. */
export async function withinTime<T>(
  clock: Clock,
  call: { readonly name: string; readonly timeoutMs: number; readonly signal: AbortSignal },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { name, timeoutMs, signal } = call;
  const timer = new AbortController();
  const running = new AbortController();
  const late = clock.sleep(timeoutMs, timer.signal).then(
    () => {
      const error = new KheishError(
        'tools/failed',
        `${name} took longer than ${timeoutMs} ms and was stopped.`,
      );
      running.abort(error);
      throw error;
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([run(AbortSignal.any([signal, running.signal])), late]);
  } finally {
    timer.abort(callOver);
  }
}
