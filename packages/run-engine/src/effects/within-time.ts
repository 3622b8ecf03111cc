import { type Clock, KheishError } from '@kheish/core-model';

/** Made once: a reason of its own for each abort would cost a stack trace each time. */
const callOver = new Error('the call is over');

/** Milliseconds that a call has to end what it started once it is stopped; then it is not waited for any more. */
export const STOP_MS = 15_000;

/** Runs a call for `timeoutMs` at most; then its signal aborts, and it counts as failed once it has ended. */
export async function withinTime<T>(
  clock: Clock,
  call: { readonly name: string; readonly timeoutMs: number; readonly signal: AbortSignal },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { name, timeoutMs, signal } = call;
  const timer = new AbortController();
  const running = new AbortController();
  const deaf = clock.sleep(timeoutMs, timer.signal).then(
    async () => {
      running.abort(
        new KheishError(
          'tools/failed',
          `${name} took longer than ${timeoutMs} ms and was stopped.`,
        ),
      );
      await clock.sleep(STOP_MS, timer.signal);
      throw running.signal.reason;
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([run(AbortSignal.any([signal, running.signal])), deaf]);
  } catch (thrown) {
    const unproven = thrown instanceof KheishError && thrown.code === 'tools/death_unproven';
    throw running.signal.aborted && !unproven ? running.signal.reason : thrown;
  } finally {
    timer.abort(callOver);
  }
}
