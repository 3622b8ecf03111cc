import type { ProblemCode, RunError, RunState } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { intendModelCall } from './intend-model-call.ts';
import type { Rules } from './rules.ts';

/** The model cannot be had for now, which says nothing of the other models of its route. */
const unavailable: readonly ProblemCode[] = [
  'models/rate_limited',
  'models/overloaded',
  'models/unavailable',
  'models/timeout',
  'models/stream_cut',
];

/** Once in a run: its later steps stay with the fallback, instead of each waiting for the first model again. */
export function fallbackFor(run: RunState, error: RunError, rules: Rules): string | undefined {
  const code = `${error.domain}/${error.code}` as ProblemCode;
  const may =
    run.fallback === undefined &&
    run.step < rules.limits.maxStepsPerRun &&
    unavailable.includes(code);
  return may ? run.route.fallback_model : undefined;
}

/** Asks the fallback model what the first one did not answer; the transcript is the same. */
export function fallBack(
  state: WorkingState,
  run: RunState,
  to: { readonly model: string; readonly error: RunError },
  rules: Rules,
): void {
  const ids = { session_id: run.session_id, run_id: run.run_id };
  state.record({ type: 'run_fell_back', ...ids, ...to });
  intendModelCall(state, run.run_id, rules);
}
