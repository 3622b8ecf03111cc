import * as v from 'valibot';
import {
  ArgvPrefix,
  PermissionBehavior,
  PermissionMode,
  PermissionScope,
  ToolNamePattern,
} from './permission-rule.ts';

/** The rule that decided, and where it stands. */
export const MatchedRule = v.strictObject({
  origin: v.picklist([...PermissionScope.options, 'builtin']),
  tool_name_pattern: ToolNamePattern,
  behavior: PermissionBehavior,
  argv_prefix: v.optional(ArgvPrefix),
  reason: v.optional(v.string()),
});
export type MatchedRule = v.InferOutput<typeof MatchedRule>;

/** Whether a call may be made, and why. */
export const PermissionExplanation = v.strictObject({
  tool_name: v.string(),
  decision: PermissionBehavior,
  /** What the rules say, before the mode. */
  base_decision: PermissionBehavior,
  effective_mode: PermissionMode,
  /** Whether the mode made another decision of it. */
  mode_applied: v.boolean(),
  matched_rule: MatchedRule,
  approval_required: v.boolean(),
  /** Of the matched rule; absent where it is built in. */
  scope: v.optional(PermissionScope),
  /** A sentence or two. */
  reason: v.string(),
  /** What else bears on the decision. */
  notes: v.array(v.string()),
});
export type PermissionExplanation = v.InferOutput<typeof PermissionExplanation>;

/** What each mode would make of a call of each tool, nothing being known of its input. */
export const PermissionMatrix = v.strictObject({
  modes: v.array(v.strictObject({ mode: PermissionMode, tools: v.array(PermissionExplanation) })),
});
export type PermissionMatrix = v.InferOutput<typeof PermissionMatrix>;
