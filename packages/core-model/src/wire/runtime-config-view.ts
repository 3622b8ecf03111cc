import * as v from 'valibot';
import { type JsonObject, isJsonObject } from '../json.ts';
import { PermissionMode, PermissionRules } from '../permission/permission-rule.ts';
import {
  Budgets,
  RuntimeConfig,
  RuntimeSetting,
  SystemPromptSettings,
  ToolRuntimeLimits,
} from '../runtime/runtime-config.ts';

const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256));
/** The revision that the change is made to; another one in force refuses it. */
const expected = { expected_revision: v.optional(v.pipe(v.number(), v.safeInteger())) };

/** `model` may be `route/model`. */
export const SetRuntimeModelRequest = v.strictObject({
  provider: v.optional(name),
  route_id: v.optional(name),
  model: name,
  ...expected,
});
export const SetPermissionModeRequest = v.strictObject({ mode: PermissionMode, ...expected });
export const SetSystemPromptRequest = v.strictObject({
  settings: SystemPromptSettings,
  ...expected,
});
/** Limits that are left out keep their value. */
export const SetToolLimitsRequest = v.strictObject({
  limits: v.pipe(
    v.partial(ToolRuntimeLimits),
    v.check((limits) => Object.keys(limits).length > 0, 'The limits name at least one limit.'),
  ),
  ...expected,
});
export const SetBudgetsRequest = v.strictObject({ budgets: Budgets, ...expected });
export const SetPermissionRulesRequest = v.strictObject({
  rules: PermissionRules,
  /** Milliseconds; null: until it is answered; absent: as before. */
  approval_expires_after_ms: v.optional(
    v.nullable(v.pipe(v.number(), v.safeInteger(), v.minValue(1_000))),
  ),
  ...expected,
});
/** Without a target the revision before the one in force. */
export const RollbackRequest = v.strictObject({
  target_revision: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  ...expected,
});

export const ToolLimitsView = v.strictObject({
  revision: v.number(),
  limits: ToolRuntimeLimits,
});
export const BudgetsView = v.strictObject({ revision: v.number(), budgets: Budgets });
export const PermissionRulesView = v.strictObject({
  revision: v.number(),
  rules: PermissionRules,
  approval_expires_after_ms: v.optional(v.number()),
});

export const RuntimeRevisionView = v.strictObject({
  revision: v.number(),
  /** What was changed; absent of revision 0, which nobody made. */
  setting: v.optional(RuntimeSetting),
  rollback_of_revision: v.optional(v.number()),
  updated_at_ms: v.optional(v.number()),
  config: RuntimeConfig,
});
export type RuntimeRevisionView = v.InferOutput<typeof RuntimeRevisionView>;

const Input = v.custom<JsonObject>(isJsonObject, 'An input is a JSON object.');

export const CheckPermissionRequest = v.strictObject({
  tool_name: name,
  input: v.optional(Input),
  mode_override: v.optional(PermissionMode),
});
export type CheckPermissionRequest = v.InferOutput<typeof CheckPermissionRequest>;
