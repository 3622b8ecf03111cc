import * as v from 'valibot';
import { ApprovalBehavior, BudgetApproval, ToolApproval } from '../approval/approval.ts';
import { type JsonObject, isJsonObject } from '../json.ts';
import { SandboxView } from './sandbox-view.ts';

const Input = v.custom<JsonObject>(isJsonObject, 'An input is a JSON object.');
const words = v.pipe(v.string(), v.maxLength(4_000));

/** What waits for the operator's word. Lists and single runs show the arguments too. */
export const ApprovalRequestView = v.variant('kind', [
  v.strictObject({ ...ToolApproval.entries, input: v.optional(Input) }),
  BudgetApproval,
]);
export type ApprovalRequestView = v.InferOutput<typeof ApprovalRequestView>;

export const PendingApprovalView = v.strictObject({
  session_id: v.string(),
  agent_id: v.string(),
  run_id: v.string(),
  request: ApprovalRequestView,
  /** Of a command: what would keep it from the rest of the machine. */
  sandbox: v.optional(SandboxView),
});
export type PendingApprovalView = v.InferOutput<typeof PendingApprovalView>;

/** `updated_input` in the place of the model's arguments: what is approved then is that call. */
export const ApprovalResolution = v.strictObject({
  request_id: v.string(),
  behavior: ApprovalBehavior,
  updated_input: v.optional(Input),
  justification: v.optional(words),
  /** Of a denial; the model is told. */
  reason: v.optional(words),
});
export type ApprovalResolution = v.InferOutput<typeof ApprovalResolution>;

/** All of them take effect, or none. */
export const ResolveApprovalsRequest = v.strictObject({
  idempotency_key: v.optional(v.string()),
  resolutions: v.pipe(v.array(ApprovalResolution), v.minLength(1), v.maxLength(256)),
});
export type ResolveApprovalsRequest = v.InferOutput<typeof ResolveApprovalsRequest>;
