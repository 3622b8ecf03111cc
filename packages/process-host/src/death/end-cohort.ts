import type { Clock } from '@kheish/core-model';
import type { Cohort } from './cohort.ts';

export interface Death {
  /** `proven`: of the command and all that it brought into being, nothing lives. */
  readonly death: 'proven' | 'unproven';
  /** What was seen to live on, where it was seen. */
  readonly remaining_pids?: readonly number[];
}

const FIRST_POLL_MS = 1;
const LAST_POLL_MS = 100;
/** What has been killed and lives on after this is stuck in the kernel. */
const KILL_BOUND_MS = 5000;

/** Asks all to end, gives them `graceMs`, and then ends them. With no grace they are not asked. */
export async function endCohort(cohort: Cohort, clock: Clock, graceMs: number): Promise<Death> {
  if (graceMs > 0) {
    await cohort.terminate();
    await emptied(cohort, clock, graceMs);
  }
  const remaining = await emptied(cohort, clock, KILL_BOUND_MS, () => cohort.kill());
  if (remaining.length > 0) return { death: 'unproven', remaining_pids: remaining };
  return { death: cohort.provable ? 'proven' : 'unproven' };
}

/** Who lives when nobody does any more, or when the time is over. */
async function emptied(
  cohort: Cohort,
  clock: Clock,
  boundMs: number,
  urge?: () => Promise<void>,
): Promise<number[]> {
  const end = clock.monotonic() + boundMs;
  for (let poll = FIRST_POLL_MS; ; poll = Math.min(poll * 2, LAST_POLL_MS)) {
    const living = await cohort.living();
    if (living.length === 0 || clock.monotonic() >= end) return living;
    await urge?.();
    await clock.sleep(poll);
  }
}
