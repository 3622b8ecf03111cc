import { KheishError, type RunState, isTerminal } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { runError } from './end-failed.ts';
import { failRun, finishStopped } from './finish-run.ts';
import { intendModelCall } from './intend-model-call.ts';
import type { Rules } from './rules.ts';

/** The next thing a run does once nothing of it is under way: it stops, waits for a person, or asks the model again. */
export function goOn(state: WorkingState, runId: string, rules: Rules): void {
  const run = state.run(runId);
  if (run === undefined || isTerminal(run.status) || run.open_actions.length > 0) return;
  if (run.stop !== undefined) {
    finishStopped(state, runId, rules);
    return;
  }
  const awaited = awaitedBy(run);
  if (run.status === `waiting_for_${awaited}`) return;
  const ids = { session_id: run.session_id, run_id: runId };
  if (run.status !== 'running') {
    state.record({ type: 'run_resumed', ...ids, incarnation: rules.incarnation });
  }
  if (awaited !== undefined) state.record({ type: 'run_suspended', ...ids, waiting_for: awaited });
  else askModel(state, run, rules);
}

function awaitedBy({ approvals, questions }: RunState): 'approval' | 'user_question' | undefined {
  if (approvals.length > 0) return 'approval';
  return questions.length > 0 ? 'user_question' : undefined;
}

function askModel(state: WorkingState, run: RunState, rules: Rules): void {
  if (run.step < rules.limits.maxStepsPerRun) {
    intendModelCall(state, run.run_id, rules);
    return;
  }
  const error = new KheishError(
    'runs/max_steps_exceeded',
    `The run made ${run.step} model calls without coming to an end.`,
  );
  failRun(state, run.run_id, runError(error), rules);
}
