import { KheishError, type OpenAction, type RunState, type ToolMessage } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { runError } from './end-failed.ts';
import { failRun } from './finish-run.ts';
import { goOn } from './go-on.ts';
import type { Rules } from './rules.ts';
import { settled } from './running-run.ts';

/** How an earlier start left its runs. */
export interface Left {
  /** It did not leave in order. */
  readonly afterCrash: boolean;
  /** Actions of which processes may still live. */
  readonly deathUnproven: ReadonlySet<string>;
}

/**
 * Takes a running run over from an earlier start. Its open actions are settled by their class: `repeatable`
 * and `keyed` stay open and are done again; so does `once` where it had not begun. One that had is never replayed and
 * ends `unknown_outcome`.
 */
export function recoverRun(state: WorkingState, runId: string, left: Left, rules: Rules): void {
  const before = state.run(runId);
  if (before?.status !== 'running' || before.incarnation === rules.incarnation) return;
  const { incarnation } = rules;
  const ids = { session_id: before.session_id, run_id: runId };
  state.record({ type: 'run_recovered', ...ids, incarnation, after_crash: left.afterCrash });
  const run = state.run(runId) ?? before;

  if (run.stop === undefined && run.recoveries >= rules.limits.maxRecoveries) {
    for (const action of run.open_actions) settleUnknown(state, run, action, left);
    const error = new KheishError(
      'runs/recovery_exhausted',
      `The daemon went down ${run.recoveries} times in this run without a new step, so it was given up.`,
    );
    failRun(state, runId, runError(error), rules);
    return;
  }
  for (const action of run.open_actions) {
    if (run.stop !== undefined || hasBegun(action)) settleUnknown(state, run, action, left);
  }
  goOn(state, runId, rules);
}

function hasBegun(action: OpenAction): boolean {
  return action.effect === 'once' && action.started_at_ms !== undefined;
}

function settleUnknown(state: WorkingState, run: RunState, action: OpenAction, left: Left): void {
  const isKnown = action.effect === 'repeatable' || (action.effect === 'once' && !hasBegun(action));
  const deathUnproven = left.deathUnproven.has(action.action_id);
  state.record({
    ...settled(run, action),
    outcome: isKnown ? 'aborted' : 'unknown_outcome',
    ...(action.kind === 'tool_call' && {
      message: interruptedMessage(action, isKnown, deathUnproven),
    }),
    ...(deathUnproven && { death_unproven: true }),
  });
}

function interruptedMessage(
  action: OpenAction,
  isKnown: boolean,
  deathUnproven: boolean,
): ToolMessage {
  const outcome = isKnown
    ? 'The call was interrupted and not repeated.'
    : 'The call was interrupted. Its outcome is unknown: it may or may not have taken effect. Check before you repeat it.';
  const alive = deathUnproven ? ' Processes that it started may still be running.' : '';
  return {
    role: 'tool',
    tool_call_id: action.tool_call_id ?? '',
    tool_name: action.target.slice('tool:'.length),
    content: outcome + alive,
    is_error: true,
  };
}
