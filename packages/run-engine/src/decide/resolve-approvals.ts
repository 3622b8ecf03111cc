import {
  type ApprovalBehavior,
  type Body,
  type JsonObject,
  KheishError,
  type RunState,
  type PendingApproval,
  isWaiting,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { answerableRun, resumeRun } from './answerable-run.ts';
import { budgetExceeded } from './budgets.ts';
import { failRun } from './finish-run.ts';
import { goOn } from './go-on.ts';
import { intendToolCall } from './intend-tool-call.ts';
import { type PreparedCall, actionDigest } from './prepared-call.ts';
import { refuseCall } from './refuse-call.ts';
import type { Rules } from './rules.ts';

/** The operator's word on one request. */
export interface Resolution {
  readonly request_id: string;
  readonly behavior: ApprovalBehavior;
  /** Whose word it is. */
  readonly resolved_by?: string | undefined;
  readonly justification?: string;
  readonly reason?: string;
  /** Other arguments: what is approved then is the call with these. */
  readonly updated?: {
    readonly prepared: PreparedCall & { readonly call: { readonly input: JsonObject } };
    readonly body: Body;
  };
}

/** Takes the operator's word on requests of one run, all of them or none. Throws `approvals/...` or `runs/...`. */
export function resolveApprovals(
  state: WorkingState,
  runId: string,
  resolutions: readonly Resolution[],
  rules: Rules,
): RunState {
  const run = answerableRun(state, runId, rules);
  const chosen = resolutions.map((resolution) => ({
    resolution,
    request: openApproval(run, resolution.request_id, state.atMs),
  }));
  for (const { resolution } of chosen) {
    forbidEdited(state, run, resolution, rules);
    record(state, run, resolution);
  }
  const isResumed =
    isWaiting(run.status) &&
    (chosen.some(({ resolution }) => resolution.behavior === 'allow') ||
      state.run(runId)?.approvals.length === 0);
  if (isResumed) resumeRun(state, run, rules);
  for (const { resolution, request } of chosen) follow(state, run, request, resolution, rules);
  goOn(state, runId, rules);
  return state.run(runId) ?? run;
}

function openApproval(run: RunState, requestId: string, nowMs: number): PendingApproval {
  const request = run.approvals.find(({ id }) => id === requestId);
  if (request === undefined) {
    throw new KheishError(
      'approvals/approval_not_open',
      `Run ${run.run_id} has no open approval request ${requestId}; it was answered, or asked anew because something changed.`,
    );
  }
  if (request.expires_at_ms !== undefined && request.expires_at_ms <= nowMs) {
    throw new KheishError('approvals/approval_expired', `The request ${requestId} has expired.`);
  }
  return request;
}

/** Other arguments are another call: what no rule allows to be asked for cannot be approved either. */
function forbidEdited(
  state: WorkingState,
  run: RunState,
  { updated }: Resolution,
  rules: Rules,
): void {
  if (updated === undefined) return;
  const { decision, reason } = rules.permit(state, run, updated.prepared);
  if (decision === 'deny') throw new KheishError('tools/denied', reason);
}

function record(state: WorkingState, run: RunState, resolution: Resolution): void {
  const { request_id, behavior, resolved_by, justification, reason, updated } = resolution;
  state.record({
    type: 'approval_resolved',
    session_id: run.session_id,
    run_id: run.run_id,
    request_id,
    behavior,
    ...(resolved_by !== undefined && { resolved_by }),
    ...(updated !== undefined && { updated_input: updated.body }),
    ...(justification !== undefined && { justification }),
    ...(reason !== undefined && { reason }),
  });
}

function follow(
  state: WorkingState,
  run: RunState,
  request: PendingApproval,
  resolution: Resolution,
  rules: Rules,
): void {
  const { behavior, reason, justification, updated } = resolution;
  if (request.kind === 'budget') {
    if (behavior === 'deny') failRun(state, run.run_id, budgetExceeded(request), rules);
    return;
  }
  if (behavior === 'deny') {
    const said = reason ?? justification;
    const why = `the operator denied it${said === undefined ? '.' : `: ${said}`}`;
    refuseCall(state, run, request, { by: 'operator', why });
    return;
  }
  const auditTarget = updated === undefined ? request.audit_target : updated.prepared.auditTarget;
  const intended = { call: request, ...(auditTarget !== undefined && { auditTarget }) };
  intendToolCall(state, run, intended, rules, {
    request_id: request.id,
    digest: updated === undefined ? request.digest : actionDigest(run, updated.prepared),
    ...(updated !== undefined && { input: updated.body }),
  });
}
