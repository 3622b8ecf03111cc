import { KheishError, type RunState, isTerminal } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import type { Rules } from './rules.ts';
import { runNotFound } from './stop-run.ts';

export function resumeRun(state: WorkingState, run: RunState, rules: Rules): void {
  const ids = { session_id: run.session_id, run_id: run.run_id };
  state.record({ type: 'run_resumed', ...ids, incarnation: rules.incarnation });
}

/** The run, if it still takes answers, and from this start of the daemon. */
export function answerableRun(state: WorkingState, runId: string, rules: Rules): RunState {
  const run = state.run(runId);
  if (run === undefined) throw runNotFound(runId);
  if (isTerminal(run.status) || run.stop !== undefined) {
    const how = run.stop === undefined ? `is ${run.status}` : 'was asked to stop';
    throw new KheishError('runs/run_state_conflict', `Run ${runId} ${how}.`);
  }
  if (run.status === 'running' && run.incarnation !== rules.incarnation) {
    throw new KheishError(
      'runs/not_taken_over',
      `Run ${runId} was left by an earlier start of the daemon and is about to be taken over. Try again.`,
      { retryAfterMs: 1_000 },
    );
  }
  return run;
}
