import { KheishError, type OpenAction, type RunState } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import type { Rules } from './rules.ts';

/** The run and its open action, for the incarnation that executes it; anyone else is fenced off. */
export function ownAction(
  state: WorkingState,
  runId: string,
  actionId: string,
  rules: Rules,
): { run: RunState; action: OpenAction } {
  const run = state.run(runId);
  const action = run?.open_actions.find((open) => open.action_id === actionId);
  if (run === undefined || action === undefined || run.incarnation !== rules.incarnation) {
    throw new KheishError(
      'runs/fenced',
      `The action ${actionId} of run ${runId} is not this daemon's to settle.`,
    );
  }
  return { run, action };
}

/** Names an action in the event that settles it. */
export function settled(run: RunState, action: OpenAction) {
  return {
    type: 'action_settled',
    session_id: run.session_id,
    run_id: run.run_id,
    action_id: action.action_id,
    step: run.step,
    kind: action.kind,
    target: action.target,
  } as const;
}
