import type { SessionState, SessionView } from '@kheish/core-model';

export function sessionView(session: SessionState): SessionView {
  const { status, queued_run_ids: queued, ...rest } = session;
  return {
    ...rest,
    status: status !== 'open' ? 'ended' : session.active_run_id === undefined ? 'idle' : 'running',
    queued_run_count: queued.length,
  };
}
