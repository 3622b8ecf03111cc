import type {
  ApprovalRequestView,
  DaemonCapabilities,
  DaemonStatusView,
  PendingApprovalView,
  PendingQuestionView,
  RunStatus,
  RunView,
  SessionView,
  UserQuestion,
} from '@kheish/client-sdk';

export const RUN = 'run_1';

export function runView(status: RunStatus, more: Partial<RunView> = {}): RunView {
  return {
    run_id: RUN,
    session_id: 'demo',
    agent_id: 'agent_1',
    kind: 'input',
    status,
    submitted_at_ms: 0,
    updated_at_ms: 0,
    request: {
      source_plugin: 'http',
      source_kind: 'api',
      actor_id: 'operator',
      text_preview: 'hi',
      provider: 'local',
      driver: 'scripted',
      model: 'm',
    },
    steps: 0,
    outputs: [],
    ...more,
  };
}

export function sessionView(): SessionView {
  return {
    session_id: 'demo',
    agent_id: 'agent_1',
    status: 'idle',
    created_at_ms: 0,
    updated_at_ms: 0,
    queued_run_count: 0,
    message_count: 0,
  };
}

type ToolRequest = Extract<ApprovalRequestView, { kind: 'tool' }>;

export function approvalView(
  id: string,
  more: Partial<ToolRequest> = {},
  runId = RUN,
): PendingApprovalView & { request: ToolRequest } {
  return {
    session_id: 'demo',
    agent_id: 'agent_1',
    run_id: runId,
    request: {
      kind: 'tool',
      id,
      tool_call_id: 't',
      tool_name: 'bash',
      reason: 'a rule asks',
      digest: `sha256:${'0'.repeat(64)}`,
      requested_at_ms: 0,
      input: { command: 'ls' },
      ...more,
    },
  };
}

export function questionView(id: string, questions: UserQuestion[]): PendingQuestionView {
  return {
    session_id: 'demo',
    agent_id: 'agent_1',
    run_id: RUN,
    run_kind: 'input',
    request: { id, tool_call_id: 't', questions, created_at_ms: 0 },
  };
}

export function question(id: string, more: Partial<UserQuestion> = {}): UserQuestion {
  return { id, header: '', question: `${id}?`, options: [], multi_select: false, ...more };
}

export function pageOf(items: readonly unknown[], next?: string) {
  const more = { has_more: next !== undefined, ...(next !== undefined && { next_cursor: next }) };
  return { items, pagination: { limit: items.length, order: 'x', ...more } };
}

export const capabilities: DaemonCapabilities = {
  control_plane_version: '0',
  api_revision: 3,
  route_capability_matrix_version: 2,
  problem_details: true,
  openapi: true,
  cursor_pagination: true,
  paginated_lists: true,
  domain_errors: true,
  session_events: true,
  live_events: true,
  sse_replay: true,
  restart_restore: true,
  session_run_idempotency: true,
};

export function statusView(tail: string): DaemonStatusView {
  return {
    snapshot_at_ms: 0,
    process_id: 1,
    version: '0',
    status: 'ready',
    ready: true,
    started_at_ms: 0,
    incarnation: 1,
    root_id: 'root_1',
    state_root: '/s',
    workspace_root: '/w',
    schema_version: 1,
    capabilities,
    control_plane: {
      base_url: 'http://x',
      bind_addr: 'x',
      bind_is_loopback: true,
      bind_is_unspecified: false,
      auth_mode: 'auto',
      auth_enabled: false,
      read_only_token_enabled: false,
      auth_effective_admin_token_available: false,
      auth_effective_read_only_token_available: false,
      auth_token_file_count: 0,
      auth_token_file_error_count: 0,
      auth_duplicate_token: false,
      auth_token_files: [],
      named_token_count: 0,
      cors_policy: 'loopback',
      cors_allowed_origin_count: 0,
      externally_exposed_without_auth: false,
    },
    health: { generated_at_ms: 0, ok: true, warnings: [] },
    storage: { ok: true, database_bytes: 0, synchronous: 'full', master_key_loaded: false },
    sandbox: { kind: 'none', reason: 'this is a test' },
    provider_readiness: { route_count: 0, ready_route_count: 0, error_route_count: 0, routes: [] },
    events: {
      floor_event_id: '0',
      newest_event_id: tail,
      tail_event_id_cursor: tail,
      subscriber_count: 0,
    },
    sessions: { total: 0 },
    runs: {
      total: 0,
      queued: 0,
      running: 0,
      waiting_for_approval: 0,
      waiting_for_user_question: 0,
      completed: 0,
      failed: 0,
      interrupted: 0,
      cancelled: 0,
    },
    tasks: {
      total: 0,
      live_background_shell_task_count: 0,
      pending: 0,
      in_progress: 0,
      blocked: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
    },
  };
}

export function runtimeView(prompt: object) {
  return {
    workspace_root: '/w',
    state_root: '/s',
    route_id: null,
    provider: null,
    model: null,
    routes: [],
    route_diagnostics: [],
    tool_names: [],
    permission_mode: 'default',
    permission_rule_count: 0,
    system_prompt: prompt,
    tool_runtime_limits: {
      max_input_bytes: 1,
      max_output_bytes: 1,
      max_timeout_ms: 1,
      max_parallel_tools: 1,
      max_calls_per_turn: 1,
      max_sandbox: 'workspace_write',
    },
    budgets: {},
    sandbox: { kind: 'none', reason: 'r' },
    config: { revision: 4, persisted: true },
    limits: {
      max_running_runs: 1,
      max_running_runs_per_route: 1,
      max_queued_runs_per_session: 1,
      max_steps_per_run: 1,
    },
  };
}
