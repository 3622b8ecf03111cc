import { type RunError, isTerminal } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { endFailed } from './end-failed.ts';
import type { Rules } from './rules.ts';
import { startQueuedRun } from './start-run.ts';
import { voidRequests } from './void-requests.ts';

/** Ends a run whose actions are all settled as its stop request wants it. */
export function finishStopped(state: WorkingState, runId: string, rules: Rules): void {
  const run = state.run(runId);
  if (run?.stop === undefined || isTerminal(run.status)) return;
  const ids = { session_id: run.session_id, run_id: runId };
  voidRequests(state, runId);
  state.record({ type: run.stop.as === 'cancelled' ? 'run_cancelled' : 'run_interrupted', ...ids });
  startQueuedRun(state, run.session_id, rules);
}

export function failRun(state: WorkingState, runId: string, error: RunError, rules: Rules): void {
  endFailed(state, runId, error);
  startQueuedRun(state, state.run(runId)?.session_id ?? '', rules);
}
