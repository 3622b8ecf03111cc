import * as v from 'valibot';
import { PermissionMode } from '../permission/permission-rule.ts';
import { RunStatus } from '../run/run-status.ts';
import { Budgets, SystemPromptSettings, ToolRuntimeLimits } from '../runtime/runtime-config.ts';
import { TaskStatus } from '../task/task.ts';
import { ControlPlaneView } from './control-plane-view.ts';
import { HealthView } from './health-view.ts';
import { SandboxView } from './sandbox-view.ts';

export const CapabilityMatrix = v.strictObject({
  matrix_version: v.number(),
  multimodal_input: v.boolean(),
  native_web_search: v.boolean(),
  image_generation: v.boolean(),
  image_edit: v.boolean(),
  audio_generation: v.boolean(),
  transcription: v.boolean(),
});
export type CapabilityMatrix = v.InferOutput<typeof CapabilityMatrix>;

/** A route as it may be shown. `provider` is the driver's name. */
export const RouteView = v.strictObject({
  route_id: v.string(),
  provider: v.string(),
  model: v.string(),
  auth_ref: v.optional(v.string()),
  capabilities: CapabilityMatrix,
});
export type RouteView = v.InferOutput<typeof RouteView>;

export const RouteReadiness = v.strictObject({
  route_id: v.string(),
  state: v.picklist(['ok', 'warning', 'error']),
  code: v.string(),
  message: v.string(),
  /** The command that mends it. */
  action: v.optional(v.string()),
});
export type RouteReadiness = v.InferOutput<typeof RouteReadiness>;

export const RuntimeSettingsView = v.strictObject({
  workspace_root: v.string(),
  state_root: v.string(),
  default_route: v.optional(RouteView),
  /** Of the default route; null where there is none. */
  route_id: v.nullable(v.string()),
  provider: v.nullable(v.string()),
  model: v.nullable(v.string()),
  routes: v.array(RouteView),
  route_diagnostics: v.array(RouteReadiness),
  tool_names: v.array(v.string()),
  permission_mode: PermissionMode,
  permission_rule_count: v.number(),
  system_prompt: SystemPromptSettings,
  tool_runtime_limits: ToolRuntimeLimits,
  budgets: Budgets,
  /** What keeps commands from the rest of the machine. */
  sandbox: SandboxView,
  config: v.strictObject({
    revision: v.number(),
    updated_at_ms: v.optional(v.number()),
    persisted: v.literal(true),
  }),
  limits: v.strictObject({
    max_running_runs: v.number(),
    max_running_runs_per_route: v.number(),
    max_queued_runs_per_session: v.number(),
    max_steps_per_run: v.number(),
  }),
});
export type RuntimeSettingsView = v.InferOutput<typeof RuntimeSettingsView>;

export const DaemonCapabilities = v.strictObject({
  control_plane_version: v.string(),
  api_revision: v.number(),
  route_capability_matrix_version: v.number(),
  problem_details: v.literal(true),
  openapi: v.literal(true),
  cursor_pagination: v.literal(true),
  paginated_lists: v.literal(true),
  domain_errors: v.literal(true),
  session_events: v.literal(true),
  live_events: v.literal(true),
  sse_replay: v.literal(true),
  restart_restore: v.literal(true),
  session_run_idempotency: v.literal(true),
});
export type DaemonCapabilities = v.InferOutput<typeof DaemonCapabilities>;

export const DaemonStatusView = v.strictObject({
  snapshot_at_ms: v.number(),
  process_id: v.number(),
  version: v.string(),
  status: v.picklist(['ready', 'draining']),
  ready: v.boolean(),
  started_at_ms: v.number(),
  /** Grows by one with each start on this root. */
  incarnation: v.number(),
  root_id: v.string(),
  state_root: v.string(),
  workspace_root: v.string(),
  schema_version: v.number(),
  capabilities: DaemonCapabilities,
  control_plane: ControlPlaneView,
  health: HealthView,
  /** What keeps commands from the rest of the machine. */
  sandbox: SandboxView,
  storage: v.strictObject({
    ok: v.boolean(),
    database_bytes: v.number(),
    synchronous: v.string(),
    master_key_loaded: v.boolean(),
  }),
  provider_readiness: v.strictObject({
    route_count: v.number(),
    ready_route_count: v.number(),
    error_route_count: v.number(),
    routes: v.array(RouteReadiness),
  }),
  events: v.strictObject({
    floor_event_id: v.string(),
    newest_event_id: v.string(),
    tail_event_id_cursor: v.string(),
    subscriber_count: v.number(),
  }),
  sessions: v.strictObject({ total: v.number() }),
  runs: v.strictObject({
    total: v.number(),
    ...(Object.fromEntries(RunStatus.options.map((status) => [status, v.number()])) as Record<
      v.InferOutput<typeof RunStatus>,
      v.NumberSchema<undefined>
    >),
  }),
  tasks: v.strictObject({
    total: v.number(),
    live_background_shell_task_count: v.number(),
    ...(Object.fromEntries(TaskStatus.options.map((status) => [status, v.number()])) as Record<
      TaskStatus,
      v.NumberSchema<undefined>
    >),
  }),
});
export type DaemonStatusView = v.InferOutput<typeof DaemonStatusView>;

/** What `store verify` found. `ok` means that every check found nothing. */
export const StoreVerification = v.strictObject({
  ok: v.boolean(),
  root_id: v.string(),
  schema_version: v.number(),
  events: v.number(),
  sessions: v.number(),
  runs: v.number(),
  messages: v.number(),
  blobs: v.number(),
  findings: v.array(
    v.strictObject({ check: v.string(), subject: v.string(), message: v.string() }),
  ),
});
export type StoreVerification = v.InferOutput<typeof StoreVerification>;
