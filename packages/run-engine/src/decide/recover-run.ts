import { KheishError, type OpenAction, type RunState, type ToolMessage } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { failRun, runError } from './finish-run.ts';
import type { Rules } from './rules.ts';
import { settled } from './running-run.ts';
import { goOn } from './settle-tool-call.ts';

/**
 * Takes a running run over from an earlier start. Its open actions are settled by their class: `repeatable`
 * and `keyed` stay open and are done again, `once` is never replayed and ends `unknown_outcome`.
 */
export function recoverRun(
  state: WorkingState,
  runId: string,
  afterCrash: boolean,
  rules: Rules,
): void {
  const before = state.run(runId);
  if (before?.status !== 'running' || before.incarnation === rules.incarnation) return;
  const { incarnation } = rules;
  const ids = { session_id: before.session_id, run_id: runId };
  state.record({ type: 'run_recovered', ...ids, incarnation, after_crash: afterCrash });
  const run = state.run(runId) ?? before;

  if (run.stop === undefined && run.recoveries >= rules.limits.maxRecoveries) {
    for (const action of run.open_actions) settleUnknown(state, run, action);
    const error = new KheishError(
      'runs/recovery_exhausted',
      `The daemon went down ${run.recoveries} times in this run without a new step, so it was given up.`,
    );
    failRun(state, runId, runError(error), rules);
    return;
  }
  for (const action of run.open_actions) {
    if (run.stop !== undefined || action.effect === 'once') settleUnknown(state, run, action);
  }
  goOn(state, runId, rules);
}

function settleUnknown(state: WorkingState, run: RunState, action: OpenAction): void {
  const repeatable = action.effect === 'repeatable';
  state.record({
    ...settled(run, action),
    outcome: repeatable ? 'aborted' : 'unknown_outcome',
    ...(action.kind === 'tool_call' && { message: interruptedMessage(action) }),
  });
}

function interruptedMessage(action: OpenAction): ToolMessage {
  return {
    role: 'tool',
    tool_call_id: action.tool_call_id ?? '',
    tool_name: action.target.slice('tool:'.length),
    content:
      action.effect === 'repeatable'
        ? 'The call was interrupted and not repeated.'
        : 'The call was interrupted. Its outcome is unknown: it may or may not have taken effect. Check before you repeat it.',
    is_error: true,
  };
}
