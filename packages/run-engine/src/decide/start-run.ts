import { type RunState, digestOfText, modelInUse } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import type { Rules } from './rules.ts';

function hasRoom(state: WorkingState, run: RunState, rules: Rules, spare: number): boolean {
  const { total, byRoute } = state.running();
  const onRoute = byRoute.get(run.route.route_id) ?? 0;
  return (
    rules.mayStart() &&
    total + spare < rules.limits.maxRunningRuns &&
    onRoute + spare < rules.limits.maxRunningRunsPerRoute
  );
}

/** Starts the head of the session's queue if nothing is active there and the daemon has room, `spare` places left over. */
export function startQueuedRun(
  state: WorkingState,
  sessionId: string,
  rules: Rules,
  spare = 0,
): boolean {
  const session = state.session(sessionId);
  const runId = session?.queued_run_ids[0];
  if (session === undefined || session.active_run_id !== undefined || runId === undefined) {
    return false;
  }
  const run = state.run(runId);
  if (run === undefined || !hasRoom(state, run, rules, spare)) return false;
  const { incarnation } = rules;
  state.record({ type: 'run_started', session_id: sessionId, run_id: runId, incarnation });
  intendModelCall(state, runId, rules);
  return true;
}

/**
 * After a run has ended. Where there was room before, nobody else waits for it, and the session goes on at once;
 * at a limit the dispatcher chooses, so that a long queue does not keep its place before older work of others.
 */
export function continueQueue(state: WorkingState, sessionId: string, rules: Rules): void {
  startQueuedRun(state, sessionId, rules, 1);
}

/** The next model call of a run; its prompt is the session's transcript as it stands now. */
export function intendModelCall(state: WorkingState, runId: string, rules: Rules): void {
  const run = state.run(runId);
  if (run === undefined) throw new Error(`run ${runId} was not loaded`);
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
    request_digest: digestOfText(
      `${rules.surfaceDigest}\n${target}\n${run.session_id}\n${messages}`,
    ),
  });
}
