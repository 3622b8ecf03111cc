import type { RunState } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { budgetExceeded } from './budgets.ts';
import { failRun } from './finish-run.ts';
import { goOn } from './go-on.ts';
import { type PreparedCall, actionDigest } from './prepared-call.ts';
import { refuseCall } from './refuse-call.ts';
import type { Rules } from './rules.ts';

/** Lets the call wait for the operator's word. */
export function requestApproval(
  state: WorkingState,
  run: RunState,
  prepared: PreparedCall,
  reason: string,
  rules: Rules,
): void {
  const { call, binding, auditTarget } = prepared;
  const expiresAfterMs = rules.approvalExpiresAfterMs(state, run);
  state.record({
    type: 'approval_requested',
    session_id: run.session_id,
    run_id: run.run_id,
    request: {
      kind: 'tool',
      id: rules.newId('approval'),
      tool_call_id: call.tool_call_id,
      tool_name: call.tool_name,
      reason,
      digest: actionDigest(run, prepared),
      ...(binding !== undefined && { binding }),
      ...(auditTarget !== undefined && { audit_target: auditTarget }),
      requested_at_ms: state.atMs,
      ...(expiresAfterMs !== undefined && { expires_at_ms: state.atMs + expiresAfterMs }),
    },
  });
}

/** A file that a waiting call names was changed: what was asked is void, and asked anew as it is now. */
export function askAnew(
  state: WorkingState,
  runId: string,
  changed: readonly { readonly requestId: string; readonly prepared: PreparedCall }[],
  rules: Rules,
): void {
  for (const { requestId, prepared } of changed) {
    const run = state.run(runId);
    const request = run?.approvals.find(({ id }) => id === requestId);
    if (run === undefined || request?.kind !== 'tool') continue;
    const ids = { session_id: run.session_id, run_id: runId };
    state.record({ type: 'approval_voided', ...ids, request_id: requestId, reason: 'changed' });
    requestApproval(state, run, prepared, request.reason, rules);
  }
}

/** Nobody answered in time: the call is refused, and the run goes on without it. */
export function expireApproval(
  state: WorkingState,
  runId: string,
  requestId: string,
  rules: Rules,
): void {
  const run = state.run(runId);
  const request = run?.approvals.find(({ id }) => id === requestId);
  if (run === undefined || request === undefined || run.stop !== undefined) return;
  if (run.status === 'running' && run.incarnation !== rules.incarnation) return;
  const ids = { session_id: run.session_id, run_id: runId };
  state.record({ type: 'approval_voided', ...ids, request_id: requestId, reason: 'expired' });
  if (request.kind === 'budget') {
    failRun(state, runId, budgetExceeded(request), rules);
    return;
  }
  refuseCall(state, run, request, { by: 'expiry', why: 'nobody approved it in time.' });
  goOn(state, runId, rules);
}
