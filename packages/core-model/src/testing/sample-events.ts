import type { DomainEvent, EventOf } from '../journal/events.ts';
import { firstRevision } from '../runtime/runtime-config.ts';
import { authSamples } from './auth-samples.ts';
import { retentionEvents } from './sample-retention-events.ts';

const ids = { session_id: 's', run_id: 'run_1' };
const action = { ...ids, action_id: 'action_1', step: 1, kind: 'model_call' } as const;

/** An outcome without anything that it may lack. */
const bareSettled: EventOf<'action_settled'> = {
  type: 'action_settled',
  ...action,
  target: 'model:main/small',
  outcome: 'unknown_outcome',
};

/** One event of each kind that a run may have. Every text of it contains the word `said`. */
export const runEvents = {
  accepted: {
    type: 'run_accepted',
    ...ids,
    agent_id: 'agent_1',
    kind: 'input',
    request: {
      source_plugin: 'http',
      source_kind: 'api',
      actor_id: 'operator',
      content: 'said by the user',
      text_preview: 'said by',
      metadata: { note: 'said beside' },
    },
    route: { route_id: 'main', driver: 'scripted', model: 'small' },
  },
  started: {
    type: 'run_started',
    ...ids,
    incarnation: 1,
    input_digest: `sha256:${'0'.repeat(64)}`,
  },
  recovered: { type: 'run_recovered', ...ids, incarnation: 2, after_crash: true },
  intended: {
    type: 'action_intended',
    ...action,
    effect: 'repeatable',
    target: 'model:main/small',
    request_digest: `sha256:${'0'.repeat(64)}`,
  },
  settled: {
    type: 'action_settled',
    ...action,
    target: 'model:main/small',
    outcome: 'succeeded',
    message: {
      role: 'assistant',
      parts: [
        { type: 'reasoning', text: 'said inside', opaque: { signature: 'said sealed' } },
        { type: 'text', text: 'said by the model' },
        { type: 'tool_call', tool_call_id: 'c1', tool_name: 'read', input: { path: 'said' } },
        { type: 'tool_call', tool_call_id: 'c2', tool_name: 'said', raw_input: 'said' },
      ],
      stop_reason: 'tool_calls',
      driver: 'scripted',
      model: 'small',
    },
    usage: { input_tokens: 10, output_tokens: 2, cached_input_tokens: 4 },
    error: { domain: 'models', code: 'refused', detail: 'said wrongly' },
  },
  begun: { type: 'action_started', ...ids, action_id: 'action_1', step: 1 },
  emitted: {
    type: 'output_emitted',
    ...ids,
    action_id: 'action_1',
    step: 1,
    content: 'said in between',
  },
  refused: {
    type: 'tool_call_refused',
    ...ids,
    step: 1,
    by: 'rule',
    message: {
      role: 'tool',
      tool_call_id: 'c1',
      tool_name: 'said',
      content: 'said why',
      is_error: true,
    },
  },
  approvalRequested: {
    type: 'approval_requested',
    ...ids,
    request: {
      kind: 'tool',
      id: 'approval_1',
      tool_call_id: 'c1',
      tool_name: 'said',
      reason: 'said by a rule',
      digest: `sha256:${'0'.repeat(64)}`,
      binding: { cwd: '/said', argv: ['said'], files: [{ path: '/said/too' }], unbound: 'said' },
      requested_at_ms: 1,
      expires_at_ms: 2,
    },
  },
  approvalResolved: {
    type: 'approval_resolved',
    ...ids,
    request_id: 'approval_1',
    behavior: 'allow',
    resolved_by: 'token:token_1',
    updated_input: '{"path":"said instead"}',
    justification: 'said to justify',
    reason: 'said as a reason',
  },
  approvalVoided: {
    type: 'approval_voided',
    ...ids,
    request_id: 'approval_1',
    reason: 'run_ended',
  },
  questionRequested: {
    type: 'question_requested',
    ...ids,
    request: {
      id: 'question_1',
      tool_call_id: 'c1',
      questions: [
        {
          id: 'said',
          header: 'said',
          question: 'said to ask',
          options: [{ id: 'said', label: 'said', description: 'said', preview: 'said' }],
          multi_select: true,
        },
      ],
      created_at_ms: 1,
      expires_at_ms: 2,
    },
  },
  questionResolved: {
    type: 'question_resolved',
    ...ids,
    request_id: 'question_1',
    declined: false,
    resolved_by: 'admin',
    justification: 'said to justify',
    message: {
      role: 'tool',
      tool_call_id: 'c1',
      tool_name: 'said',
      content: 'said in answer',
      is_error: false,
    },
  },
  questionVoided: {
    type: 'question_voided',
    ...ids,
    request_id: 'question_1',
    reason: 'withdrawn',
    justification: 'said to withdraw',
  },
  suspended: { type: 'run_suspended', ...ids, waiting_for: 'approval' },
  resumed: { type: 'run_resumed', ...ids, incarnation: 2 },
  compacted: {
    type: 'context_compacted',
    ...ids,
    method: 'summary',
    boundary: 0,
    request: 0,
    summarized: 0,
    summary: 'said in short',
    outputs_before: 0,
    tokens_before: 100,
    tokens_after: 10,
    covers: `sha256:${'0'.repeat(64)}`,
  },
  limited: { type: 'context_limited', ...ids, target: 'model:main/small', max_tokens: 50 },
  fellBack: {
    type: 'run_fell_back',
    ...ids,
    model: 'large',
    error: { domain: 'models', code: 'rate_limited', detail: 'said to be busy' },
  },
  stop: { type: 'run_stop_requested', ...ids, as: 'cancelled' },
  completed: {
    type: 'run_completed',
    ...ids,
    outputs: [{ source_kind: 'assistant_text', content: 'said in the end' }],
  },
  failed: {
    type: 'run_failed',
    ...ids,
    error: { domain: 'models', code: 'refused', detail: 'said wrongly' },
  },
  interrupted: { type: 'run_interrupted', ...ids },
  cancelled: { type: 'run_cancelled', ...ids },
} as const satisfies Record<string, DomainEvent>;

export const sessionEvents = {
  created: {
    type: 'session_created',
    session_id: 's',
    agent_id: 'agent_1',
    thread_id: 'thread',
    system_prompt: 'said before all',
  },
  policySet: {
    type: 'session_route_policy_set',
    session_id: 's',
    route_policy: { route_id: 'other' },
  },
  ended: { type: 'session_ended', session_id: 's', reason: 'said at the end' },
  deleted: { type: 'session_deleted', session_id: 's' },
} as const satisfies Record<string, DomainEvent>;

const toolMessage = {
  role: 'tool',
  tool_call_id: 'c1',
  tool_name: 'said',
  content: 'said by a tool',
  is_error: false,
} as const;

export const toolSettled: EventOf<'action_settled'> = {
  ...runEvents.settled,
  kind: 'tool_call',
  target: 'tool:said',
  message: toolMessage,
};

export const daemonEvents = {
  started: { type: 'daemon_started', incarnation: 1, version: '1.0.0' },
  stopped: { type: 'daemon_stopped', incarnation: 1 },
} as const satisfies Record<string, DomainEvent>;

const ofTask = { session_id: 's', task_id: 'task_1' };

/** One event of each kind that a task may have, of a todo and of a shell. */
export const taskSamples = {
  created: {
    type: 'task_created',
    ...ofTask,
    kind: 'todo',
    title: 'said to do',
    description: 'said in detail',
    status: 'blocked',
    blocked_by: ['task_0'],
    owner_agent_id: 'agent_1',
    call: { run_id: 'run_1', action_id: 'action_1' },
  },
  shellCreated: {
    type: 'task_created',
    ...ofTask,
    kind: 'shell',
    title: 'said to run',
    description: 'said in detail',
    status: 'pending',
    blocked_by: [],
    owner_agent_id: 'agent_1',
    call: { run_id: 'run_1', action_id: 'action_1' },
    command: 'echo said',
  },
  updated: {
    type: 'task_updated',
    ...ofTask,
    title: 'said anew',
    description: 'said anew',
    status: 'in_progress',
    blocked_by: [],
    output: 'said so far',
    call: { run_id: 'run_1', action_id: 'action_2' },
  },
  started: {
    type: 'task_started',
    ...ofTask,
    incarnation: 1,
    process: { pid: 7, start_ticks: '70', boot_id: '00000000-0000-0000-0000-000000000000' },
  },
  stopRequested: { type: 'task_stop_requested', ...ofTask, reason: 'said to stop' },
  settled: { type: 'task_settled', ...ofTask, status: 'completed', output: 'said in the end' },
  shellSettled: {
    type: 'task_settled',
    ...ofTask,
    status: 'failed',
    output: 'said\n',
    shell_end: {
      terminal_reason: 'exited',
      exit_code: 3,
      signal: 'SIGTERM',
      recovered_on_boot: true,
      death_unproven: true,
      remaining_pids: [8],
      output_total_bytes: 5,
      output_rotation_count: 0,
      output_excerpt: 'said\n',
    },
  },
  deleted: { type: 'task_deleted', ...ofTask },
} as const satisfies Record<string, DomainEvent>;

export const slotEvents = {
  set: { type: 'secret_slot_set', slot_id: 'openai.prod', provider: 'open_ai', version: 1 },
  deleted: { type: 'secret_slot_deleted', slot_id: 'openai.prod', version: 1 },
  rekeyed: {
    type: 'secrets_rekeyed',
    old_key_id: '0011223344556677',
    new_key_id: '8899aabbccddeeff',
    slots: [{ slot_id: 'openai.prod', version: 2 }],
  },
} as const satisfies Record<string, DomainEvent>;

const tokenSamples = {
  created: {
    type: 'token_created',
    token_id: 'token_1',
    name: 'ci',
    role: 'operator',
    created_by: 'admin',
    expires_at_ms: 9_000,
  },
  revoked: { type: 'token_revoked', token_id: 'token_1', revoked_by: 'token:token_2' },
} as const satisfies Record<string, DomainEvent>;

const configured: EventOf<'runtime_configured'> = {
  type: 'runtime_configured',
  revision: 2,
  setting: 'permission_mode',
  config: { ...firstRevision.config, permission_mode: 'plan' },
};

/** Events of each type, every field set, and for fields that may be absent one without them. */
export const sampleEvents: readonly DomainEvent[] = [
  ...Object.values(daemonEvents),
  ...Object.values(retentionEvents),
  ...Object.values(sessionEvents),
  { type: 'session_created', session_id: 's', agent_id: 'agent_1' },
  { ...sessionEvents.created, credential_scope: { route_deny: ['*'] } },
  { type: 'session_ended', session_id: 's' },
  { ...sessionEvents.policySet, route_policy: null },
  ...Object.values(runEvents),
  { ...runEvents.recovered, after_crash: false },
  { ...runEvents.intended, grant_id: 'grant_1' },
  { ...runEvents.stop, as: 'interrupted' },
  {
    ...runEvents.intended,
    kind: 'tool_call',
    effect: 'once',
    target: 'tool:said',
    tool_call_id: 'c1',
    approval: {
      request_id: 'approval_1',
      digest: `sha256:${'0'.repeat(64)}`,
      input: '{"path":"said instead"}',
    },
  },
  {
    ...runEvents.begun,
    process: { pid: 7, start_ticks: '70', boot_id: '00000000-0000-0000-0000-000000000000' },
  },
  { ...runEvents.suspended, waiting_for: 'user_question' },
  toolSettled,
  bareSettled,
  ...(Object.values(taskSamples) as DomainEvent[]),
  ...Object.values(slotEvents),
  ...Object.values(tokenSamples),
  ...authSamples,
  configured,
  { ...configured, setting: 'rollback', rollback_of_revision: 1 },
  {
    type: 'audit_key_changed',
    old_key_id: '0a'.repeat(32),
    new_key_id: '0b'.repeat(32),
    continuity: 'announced',
  },
];

export const endings = {
  completed: runEvents.completed,
  failed: runEvents.failed,
  interrupted: runEvents.interrupted,
  cancelled: runEvents.cancelled,
} as const;

/** The value, frozen through and through. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}
