import { type SessionState, type SessionView, canonicalScope } from '@kheish/core-model';

export function sessionView(session: SessionState): SessionView {
  const {
    status: _status,
    waiting_for: _waiting,
    context_limits: _limits,
    queued_run_ids: queued,
    transcript_digest: _digest,
    compaction,
    ...rest
  } = session;
  return {
    ...rest,
    status: statusOf(session),
    queued_run_count: queued.length,
    ...(session.credential_scope !== undefined && {
      effective_credential_scope: canonicalScope(session.credential_scope),
    }),
    ...(compaction !== undefined && {
      compaction: { count: compaction.count, boundary: compaction.boundary },
    }),
  };
}

function statusOf({ status, active_run_id, waiting_for }: SessionState): SessionView['status'] {
  if (status !== 'open') return 'ended';
  if (active_run_id === undefined) return 'idle';
  if (waiting_for === undefined) return 'running';
  return waiting_for === 'approval' ? 'waiting_for_approval' : 'waiting_for_user_input';
}
