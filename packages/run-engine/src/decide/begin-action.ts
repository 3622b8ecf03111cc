import { KheishError, type ProcessIdentity } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import type { Rules } from './rules.ts';
import { ownAction } from './running-run.ts';

/** The effect begins, unless its run is to stop. From here on it is never begun again. */
export function beginAction(
  state: WorkingState,
  runId: string,
  actionId: string,
  process: ProcessIdentity | undefined,
  rules: Rules,
): void {
  const { run, action } = ownAction(state, runId, actionId, rules);
  // The disk took it although it said no, and it is tried again: whoever begins has done nothing yet.
  if (action.started_at_ms !== undefined) return;
  if (run.stop !== undefined) {
    throw new KheishError('runs/run_state_conflict', `Run ${runId} was asked to stop.`);
  }
  state.record({
    type: 'action_started',
    session_id: run.session_id,
    run_id: runId,
    action_id: actionId,
    step: run.step,
    ...(process !== undefined && { process }),
  });
}
