import { KheishError, type RunState, isTerminal } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { existingSession } from '../session/open-session.ts';

export function runNotFound(runId: string): KheishError {
  return new KheishError('runs/run_not_found', `There is no run ${runId}.`);
}

/** A queued run is cancelled at once; a running one is asked to stop, and is cancelled when it has. */
export function cancelRun(state: WorkingState, runId: string): RunState {
  const run = state.run(runId);
  if (run === undefined) throw runNotFound(runId);
  if (isTerminal(run.status)) {
    throw new KheishError('runs/run_state_conflict', `Run ${runId} is ${run.status} already.`);
  }
  const ids = { session_id: run.session_id, run_id: runId };
  if (run.status === 'queued') state.record({ type: 'run_cancelled', ...ids });
  else if (run.stop?.as !== 'cancelled') {
    state.record({ type: 'run_stop_requested', ...ids, as: 'cancelled' });
  }
  return state.run(runId) ?? run;
}

/** Asks the session's active run to stop; undefined where nothing runs. */
export function interruptSession(state: WorkingState, sessionId: string): string | undefined {
  const session = existingSession(state.session(sessionId), sessionId);
  const runId = session.active_run_id;
  if (runId === undefined) return undefined;
  if (state.run(runId)?.stop === undefined) {
    const ids = { session_id: sessionId, run_id: runId };
    state.record({ type: 'run_stop_requested', ...ids, as: 'interrupted' });
  }
  return runId;
}
