import { type Digest, KheishError, type RunError, type ToolMessage } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { failRun, finishStopped, runError } from './finish-run.ts';
import type { Rules } from './rules.ts';
import { ownAction, settled } from './running-run.ts';
import { intendModelCall } from './start-run.ts';

export interface ToolOutcome {
  readonly outcome: 'succeeded' | 'failed' | 'aborted' | 'unknown_outcome';
  readonly message: ToolMessage;
  readonly responseDigest?: Digest;
  readonly error?: RunError;
}

/** What a tool call brought. With the last one of its step the model is asked again. */
export function settleToolCall(
  state: WorkingState,
  runId: string,
  actionId: string,
  outcome: ToolOutcome,
  rules: Rules,
): void {
  const { run, action } = ownAction(state, runId, actionId, rules);
  state.record({
    ...settled(run, action),
    outcome: outcome.outcome,
    message: outcome.message,
    ...(outcome.responseDigest !== undefined && { response_digest: outcome.responseDigest }),
    ...(outcome.error !== undefined && { error: outcome.error }),
  });
  goOn(state, runId, rules);
}

/** The next thing a running run does once nothing of it is open any more. */
export function goOn(state: WorkingState, runId: string, rules: Rules): void {
  const run = state.run(runId);
  if (run === undefined || run.open_actions.length > 0) return;
  if (run.stop !== undefined) {
    finishStopped(state, runId, rules);
  } else if (run.step >= rules.limits.maxStepsPerRun) {
    const error = new KheishError(
      'runs/max_steps_exceeded',
      `The run made ${run.step} model calls without coming to an end.`,
    );
    failRun(state, runId, runError(error), rules);
  } else {
    intendModelCall(state, runId, rules);
  }
}
