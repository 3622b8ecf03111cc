import {
  KheishError,
  type RoutePin,
  type RunRequest,
  type RunState,
  type SessionState,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { openSession } from '../session/open-session.ts';
import type { Rules } from './rules.ts';
import { startQueuedRun } from './start-run.ts';

/** Accepts one input; it starts at once where the session is idle and the daemon has room. */
export function submitInput(
  state: WorkingState,
  sessionId: string,
  input: { request: RunRequest; route: RoutePin },
  rules: Rules,
): { run: RunState; session: SessionState } {
  const session = openSession(state.session(sessionId), sessionId);
  rules.credentials.refuse(state, session, input.route.route_id);
  const { maxQueuedRunsPerSession } = rules.limits;
  if (session.queued_run_ids.length >= maxQueuedRunsPerSession) {
    throw new KheishError(
      'runs/queue_full',
      `${maxQueuedRunsPerSession} runs wait in session ${sessionId} already. Wait for one to end.`,
      { retryAfterMs: 1_000 },
    );
  }
  const runId = rules.newId('run');
  state.record({
    type: 'run_accepted',
    session_id: sessionId,
    run_id: runId,
    agent_id: session.agent_id,
    kind: 'input',
    request: input.request,
    route: input.route,
  });
  startQueuedRun(state, sessionId, rules);
  return { run: known(state.run(runId)), session: known(state.session(sessionId)) };
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a recorded aggregate is not in the working state');
  return value;
}
