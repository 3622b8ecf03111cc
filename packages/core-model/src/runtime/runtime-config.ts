import * as v from 'valibot';
import { PermissionMode, PermissionRules } from '../permission/permission-rule.ts';

const label = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256));
const prompt = v.pipe(v.string(), v.nonEmpty(), v.maxLength(100_000));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** The route and model of runs that name none, in the place of those that the routes file calls default. */
export const RuntimeModel = v.strictObject({
  route_id: v.optional(label),
  model: v.optional(label),
});
export type RuntimeModel = v.InferOutput<typeof RuntimeModel>;

/** What agents are told before a session begins. */
export const SystemPromptSettings = v.strictObject({
  /** In the place of everything else, a session's own prompt included. */
  override_prompt: v.optional(prompt),
  /** In the place of the built-in prompt. */
  custom_prompt: v.optional(prompt),
  /** After the prompt, whichever it is. */
  append_prompt: v.optional(prompt),
  /** The language to answer in. */
  language: v.optional(label),
  output_style: v.optional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(4_000))),
});
export type SystemPromptSettings = v.InferOutput<typeof SystemPromptSettings>;

/** How far a command may reach at most. */
export const SandboxReach = v.picklist(['read_only', 'workspace_write', 'network_enabled']);
export type SandboxReach = v.InferOutput<typeof SandboxReach>;

export const ToolRuntimeLimits = v.strictObject({
  /** Bytes of the JSON of a call's arguments. */
  max_input_bytes: count,
  /** Bytes of UTF-8 of a call's answer. */
  max_output_bytes: count,
  max_timeout_ms: count,
  /** Calls of one run at the same time. */
  max_parallel_tools: count,
  /** Calls in one answer of the model. */
  max_calls_per_turn: count,
  max_sandbox: SandboxReach,
});
export type ToolRuntimeLimits = v.InferOutput<typeof ToolRuntimeLimits>;

/** What may be spent; absent: without limit. */
export const BudgetLimit = v.strictObject({
  max_tokens: v.optional(count),
  max_cost_usd: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1_000_000))),
});
export type BudgetLimit = v.InferOutput<typeof BudgetLimit>;

/** Of each run, of each session, and of all runs of a UTC day. */
export const Budgets = v.strictObject({
  run: v.optional(BudgetLimit),
  session: v.optional(BudgetLimit),
  day: v.optional(BudgetLimit),
});
export type Budgets = v.InferOutput<typeof Budgets>;

/** What an operator may change while the daemon runs. A run keeps the revision with which it began. */
export const RuntimeConfig = v.strictObject({
  model: v.optional(RuntimeModel),
  permission_mode: PermissionMode,
  permission_rules: PermissionRules,
  /** Milliseconds that a request for approval stays open; absent: until it is answered. */
  approval_expires_after_ms: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1_000))),
  system_prompt: SystemPromptSettings,
  tool_limits: ToolRuntimeLimits,
  budgets: Budgets,
});
export type RuntimeConfig = v.InferOutput<typeof RuntimeConfig>;

export const RuntimeSetting = v.picklist([
  'model',
  'permission_mode',
  'permission_rules',
  'system_prompt',
  'tool_limits',
  'budgets',
  'rollback',
]);
export type RuntimeSetting = v.InferOutput<typeof RuntimeSetting>;

/** One state of the configuration. Revision 0 is what the daemon has before anyone changed anything. */
export interface RuntimeRevision {
  readonly revision: number;
  readonly config: RuntimeConfig;
  readonly setting?: RuntimeSetting;
  readonly rollback_of_revision?: number;
  readonly updated_at_ms?: number;
}

export const firstRevision: RuntimeRevision = {
  revision: 0,
  config: {
    permission_mode: 'default',
    permission_rules: [],
    system_prompt: {},
    tool_limits: {
      max_input_bytes: 16 * 1024 * 1024,
      max_output_bytes: 16 * 1024 * 1024,
      max_timeout_ms: 600_000,
      max_parallel_tools: 8,
      max_calls_per_turn: 256,
      max_sandbox: 'workspace_write',
    },
    budgets: {},
  },
};

/** The revision that an event makes. */
export function runtimeRevisionOf(
  event: Omit<RuntimeRevision, 'updated_at_ms'>,
  atMs: number,
): RuntimeRevision {
  const { revision, setting, rollback_of_revision: rollback, config } = event;
  return {
    revision,
    ...(setting !== undefined && { setting }),
    ...(rollback !== undefined && { rollback_of_revision: rollback }),
    config,
    updated_at_ms: atMs,
  };
}
