import { type RunState, eraseBody } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { intendModelCall } from './intend-model-call.ts';
import type { Rules } from './rules.ts';

/** Whether the run may begin now; where not, its session waits for what is missing. */
function hasRoom(state: WorkingState, run: RunState, rules: Rules, called: boolean): boolean {
  const { route_id: routeId } = run.route;
  const { limits, line } = rules;
  const { total, byRoute } = state.running();
  if (total >= limits.maxRunningRuns) {
    line.join(undefined);
    return false;
  }
  const onRoute = byRoute.get(routeId) ?? 0;
  if (onRoute < limits.maxRunningRunsPerRoute && (called || line.isEmptyFor(routeId))) return true;
  line.join(routeId);
  return false;
}

/**
 * Starts the head of the session's queue if nothing is active there and the daemon has room. `called` says that it is
 * the session's turn; without it those who wait in line go first.
 */
export function startQueuedRun(
  state: WorkingState,
  sessionId: string,
  rules: Rules,
  called = false,
): boolean {
  const session = state.session(sessionId);
  const runId = session?.queued_run_ids[0];
  if (session === undefined || session.active_run_id !== undefined || runId === undefined) {
    return false;
  }
  const run = state.run(runId);
  if (run === undefined || !rules.mayStart()) return false;
  if (!hasRoom(state, run, rules, called)) return false;
  state.record({
    type: 'run_started',
    session_id: sessionId,
    run_id: runId,
    incarnation: rules.incarnation,
    input_digest: eraseBody(run.request.content).erased,
    config_revision: state.runtime().revision,
  });
  intendModelCall(state, runId, rules);
  return true;
}
