import { KheishError, type RunState, isTerminal, isWaiting } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { existingSession } from '../session/open-session.ts';
import type { Rules } from './rules.ts';
import { startQueuedRun } from './start-run.ts';
import { voidRequests } from './void-requests.ts';

export function runNotFound(runId: string): KheishError {
  return new KheishError('runs/run_not_found', `There is no run ${runId}.`);
}

/** A queued or waiting run is cancelled at once; a running one is asked to stop, and is cancelled when it has. */
export function cancelRun(state: WorkingState, runId: string, rules: Rules): RunState {
  const run = state.run(runId);
  if (run === undefined) throw runNotFound(runId);
  if (isTerminal(run.status)) {
    throw new KheishError('runs/run_state_conflict', `Run ${runId} is ${run.status} already.`);
  }
  const ids = { session_id: run.session_id, run_id: runId };
  if (run.status === 'queued') state.record({ type: 'run_cancelled', ...ids });
  else if (isWaiting(run.status)) endWaiting(state, run, 'run_cancelled', rules);
  else if (run.stop?.as !== 'cancelled') {
    state.record({ type: 'run_stop_requested', ...ids, as: 'cancelled' });
  }
  return state.run(runId) ?? run;
}

/** Nothing of it is under way, so it ends at once. */
function endWaiting(
  state: WorkingState,
  run: RunState,
  type: 'run_cancelled' | 'run_interrupted',
  rules: Rules,
): void {
  voidRequests(state, run.run_id);
  state.record({ type, session_id: run.session_id, run_id: run.run_id });
  startQueuedRun(state, run.session_id, rules);
}

/** Asks the session's active run to stop; undefined where nothing runs. */
export function interruptSession(
  state: WorkingState,
  sessionId: string,
  rules: Rules,
): string | undefined {
  const session = existingSession(state.session(sessionId), sessionId);
  const runId = session.active_run_id;
  if (runId === undefined) return undefined;
  const run = state.run(runId);
  if (run !== undefined && isWaiting(run.status)) {
    endWaiting(state, run, 'run_interrupted', rules);
  } else if (run?.stop === undefined) {
    const ids = { session_id: sessionId, run_id: runId };
    state.record({ type: 'run_stop_requested', ...ids, as: 'interrupted' });
  }
  return runId;
}
