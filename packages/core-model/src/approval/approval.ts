import * as v from 'valibot';
import { BudgetKey } from '../budget/budget.ts';
import { DigestText } from '../digest/digest.ts';
import { ActionBinding } from '../tool/action-binding.ts';

/** A tool call that waits for the operator's word. */
export const ToolApproval = v.strictObject({
  kind: v.literal('tool'),
  id: v.string(),
  tool_call_id: v.string(),
  tool_name: v.string(),
  /** Why it is asked for: the rule that decided, in words. */
  reason: v.string(),
  /** Of tool, canonical arguments, binding and configuration revision. The call is carried out as long as it is this. */
  digest: DigestText,
  binding: v.optional(ActionBinding),
  /** What the audit's record will say that it acts on. */
  audit_target: v.optional(v.string()),
  requested_at_ms: v.number(),
  /** From then on it counts as denied. */
  expires_at_ms: v.optional(v.number()),
});
export type ToolApproval = v.InferOutput<typeof ToolApproval>;

/** A model call that a budget has no room for. Allowed, the run may spend the limit once more, or as often as the call needs. */
export const BudgetApproval = v.strictObject({
  kind: v.literal('budget'),
  id: v.string(),
  budget: BudgetKey,
  unit: v.picklist(['tokens', 'usd_micros']),
  limit: v.number(),
  /** Spent and put aside so far. */
  used: v.number(),
  /** What the next call may need. */
  needed: v.number(),
  reason: v.string(),
  requested_at_ms: v.number(),
  expires_at_ms: v.optional(v.number()),
});
export type BudgetApproval = v.InferOutput<typeof BudgetApproval>;

/** What a run waits for before it goes on. */
export const PendingApproval = v.variant('kind', [ToolApproval, BudgetApproval]);
export type PendingApproval = v.InferOutput<typeof PendingApproval>;

export const ApprovalBehavior = v.picklist(['allow', 'deny']);
export type ApprovalBehavior = v.InferOutput<typeof ApprovalBehavior>;

/** Why a request is not open any more although nobody answered it. */
export const VoidReason = v.picklist(['changed', 'expired', 'withdrawn', 'run_ended']);
export type VoidReason = v.InferOutput<typeof VoidReason>;

/** Without the words of the action; its digest stays. */
export function eraseApproval(approval: PendingApproval): PendingApproval {
  if (approval.kind === 'budget') return approval;
  const { binding: _binding, audit_target: _target, ...rest } = approval;
  return { ...rest, tool_name: 'erased', reason: '' };
}
