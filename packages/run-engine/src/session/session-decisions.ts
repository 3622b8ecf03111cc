import {
  type CreateSessionRequest,
  type CredentialScope,
  KheishError,
  type NewId,
  type RoutePolicy,
  type SessionState,
  canonicalScope,
  digestOfJson,
  isLiveShell,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { stopShells } from '../tasks/todo-decisions.ts';
import { existingSession, idleSession, openSession } from './open-session.ts';

function after(state: WorkingState, sessionId: string): SessionState {
  return existingSession(state.session(sessionId), sessionId);
}

/** Creates the session, or gives the one of that id if it was asked for in the same words. */
export function createSession(
  state: WorkingState,
  request: CreateSessionRequest & { session_id: string },
  newId: NewId,
): SessionState {
  const {
    session_id: sessionId,
    thread_id: threadId,
    system_prompt: systemPrompt,
    credential_scope: scope,
  } = request;
  const existing = state.session(sessionId);
  if (existing?.status === 'deleted') {
    throw new KheishError(
      'sessions/session_deleted',
      `Session ${sessionId} was deleted. Choose another id.`,
    );
  }
  if (existing !== undefined) {
    const differs =
      (threadId !== undefined && threadId !== existing.thread_id) ||
      (systemPrompt !== undefined && systemPrompt !== existing.system_prompt) ||
      (scope !== undefined && !isSameScope(scope, existing.credential_scope));
    if (!differs) return existing;
    throw new KheishError(
      'sessions/session_conflict',
      `Session ${sessionId} exists with another thread, system prompt or credential scope.`,
    );
  }
  state.record({
    type: 'session_created',
    session_id: sessionId,
    agent_id: newId('agent'),
    ...(threadId !== undefined && { thread_id: threadId }),
    ...(systemPrompt !== undefined && { system_prompt: systemPrompt }),
    ...(scope !== undefined && { credential_scope: scope }),
  });
  return after(state, sessionId);
}

export function setRoutePolicy(
  state: WorkingState,
  sessionId: string,
  policy: RoutePolicy | null,
): SessionState {
  const session = openSession(state.session(sessionId), sessionId);
  if (policy !== null || session.route_policy !== undefined) {
    state.record({
      type: 'session_route_policy_set',
      session_id: sessionId,
      route_policy: policy,
    });
  }
  return after(state, sessionId);
}

/** Also while a run is active: what is taken away is not to be used any longer. */
export function setCredentialScope(
  state: WorkingState,
  sessionId: string,
  scope: CredentialScope | null,
): SessionState {
  const session = openSession(state.session(sessionId), sessionId);
  if (scope !== null || session.credential_scope !== undefined) {
    state.record({
      type: 'session_credential_scope_set',
      session_id: sessionId,
      credential_scope: scope,
    });
  }
  return after(state, sessionId);
}

function isSameScope(one: CredentialScope, other: CredentialScope = {}): boolean {
  return digestOfJson(canonicalScope(one)) === digestOfJson(canonicalScope(other));
}

function cancelQueue(state: WorkingState, session: SessionState): void {
  for (const runId of session.queued_run_ids) {
    state.record({ type: 'run_cancelled', session_id: session.session_id, run_id: runId });
  }
}

/** Takes no more input from here on. Ending an ended session changes nothing. */
export function endSession(
  state: WorkingState,
  sessionId: string,
  reason: string | undefined,
): SessionState {
  const session = idleSession(state.session(sessionId), sessionId);
  if (session.status === 'ended') return session;
  cancelQueue(state, session);
  stopShells(state, sessionId, 'The session was ended.');
  state.record({
    type: 'session_ended',
    session_id: sessionId,
    ...(reason !== undefined && { reason }),
  });
  return after(state, sessionId);
}

/** Erases the session; where something runs for it in the background, has that end first, and gives false. */
export function deleteOnceQuiet(state: WorkingState, sessionId: string): boolean {
  idleSession(state.session(sessionId), sessionId);
  const isQuiet = !state.openTasks(sessionId).some(isLiveShell);
  if (isQuiet) deleteSession(state, sessionId);
  else stopShells(state, sessionId, 'The session was deleted.');
  return isQuiet;
}

/** Erases what was said. The events stay, with digests in the place of texts. */
export function deleteSession(state: WorkingState, sessionId: string): void {
  const session = idleSession(state.session(sessionId), sessionId);
  const live = state.openTasks(sessionId).find(isLiveShell);
  if (live !== undefined) {
    throw new KheishError(
      'sessions/session_busy',
      `Task ${live.task_id} of session ${sessionId} is not over yet. Stop it and try again.`,
    );
  }
  cancelQueue(state, session);
  state.record({ type: 'session_deleted', session_id: sessionId });
}
