import { type RunState, digestOfText, modelInUse } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { breachOf, requestBudget, reservationFor } from './budgets.ts';
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
    config_revision: state.runtime().revision,
  });
  intendModelCall(state, runId, rules);
  return true;
}

/**
 * The next model call of a run; its prompt is the session's transcript as it stands now. Where a budget has no room for
 * it the run waits for the operator instead.
 */
export function intendModelCall(state: WorkingState, runId: string, rules: Rules): void {
  const run = state.run(runId);
  if (run === undefined) throw new Error(`run ${runId} was not loaded`);
  const reservation = reservationFor(state, run, rules);
  const breach = breachOf(state, run, reservation);
  if (breach !== undefined) {
    requestBudget(state, run, breach, rules);
    return;
  }
  const messages = state.session(run.session_id)?.message_count ?? 0;
  const target = `model:${run.route.route_id}/${modelInUse(run)}`;
  state.record({
    type: 'action_intended',
    session_id: run.session_id,
    run_id: runId,
    action_id: rules.newId('action'),
    step: run.step + 1,
    kind: 'model_call',
    effect: 'repeatable',
    target,
    reservation,
    request_digest: digestOfText(
      `${rules.surfaceDigest}\n${run.config_revision}\n${target}\n${run.session_id}\n${messages}`,
    ),
  });
}
