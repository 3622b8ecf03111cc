import { KheishError, type SessionState } from '@kheish/core-model';

function sessionNotFound(sessionId: string): KheishError {
  return new KheishError('sessions/session_not_found', `There is no session ${sessionId}.`);
}

/** The session, unless it is not there or erased. */
export function existingSession(
  session: SessionState | undefined,
  sessionId: string,
): SessionState {
  if (session === undefined || session.status === 'deleted') throw sessionNotFound(sessionId);
  return session;
}

/** The session, if it still takes input. */
export function openSession(session: SessionState | undefined, sessionId: string): SessionState {
  const existing = existingSession(session, sessionId);
  if (existing.status === 'ended') {
    throw new KheishError('sessions/session_ended', `Session ${sessionId} has ended.`);
  }
  return existing;
}

/** The session, if nothing runs in it. */
export function idleSession(session: SessionState | undefined, sessionId: string): SessionState {
  const existing = existingSession(session, sessionId);
  if (existing.active_run_id !== undefined) {
    throw new KheishError(
      'sessions/session_busy',
      `Run ${existing.active_run_id} is active in session ${sessionId}. Cancel it or wait for its end.`,
    );
  }
  return existing;
}
