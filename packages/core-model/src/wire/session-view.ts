import * as v from 'valibot';
import { Cost } from '../budget/cost.ts';
import { CredentialScope } from '../credential/credential-scope.ts';
import { AssistantPart, StopReason, Usage } from '../message/message.ts';
import { SessionId } from '../session/session-id.ts';
import { RoutePolicy } from '../session/session.ts';

const name = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256));
const prompt = v.pipe(v.string(), v.maxLength(100_000));

export const CreateSessionRequest = v.strictObject({
  session_id: v.optional(SessionId),
  thread_id: v.optional(name),
  /** Stands in the place of the daemon's and the route's system prompt. */
  system_prompt: v.optional(prompt),
  credential_scope: v.optional(CredentialScope),
});
export type CreateSessionRequest = v.InferOutput<typeof CreateSessionRequest>;

const SessionStatus = v.picklist([
  'idle',
  'running',
  'waiting_for_approval',
  'waiting_for_user_input',
  'ended',
]);

export const SessionView = v.strictObject({
  session_id: v.string(),
  agent_id: v.string(),
  thread_id: v.optional(v.string()),
  status: SessionStatus,
  created_at_ms: v.number(),
  updated_at_ms: v.number(),
  ended_at_ms: v.optional(v.number()),
  end_reason: v.optional(v.string()),
  route_policy: v.optional(RoutePolicy),
  system_prompt: v.optional(v.string()),
  /** As it was set; absent: the session may use every credential. */
  credential_scope: v.optional(CredentialScope),
  /** The same with what it implies. */
  effective_credential_scope: v.optional(CredentialScope),
  active_run_id: v.optional(v.string()),
  queued_run_count: v.number(),
  message_count: v.number(),
  /** Of the next prompt, partly estimated. */
  context_tokens: v.optional(v.number()),
  /** Absent: prompts show the whole transcript. */
  compaction: v.optional(
    v.strictObject({
      /** Compactions so far. */
      count: v.number(),
      /** Messages before this index stand in prompts as a summary, or not at all. */
      boundary: v.number(),
    }),
  ),
  usage: v.optional(Usage),
  cost: v.optional(Cost),
});
export type SessionView = v.InferOutput<typeof SessionView>;

export const SetRoutePolicyRequest = v.strictObject({ route_policy: RoutePolicy });
export type SetRoutePolicyRequest = v.InferOutput<typeof SetRoutePolicyRequest>;

export const SetCredentialScopeRequest = v.strictObject({ credential_scope: CredentialScope });
export type SetCredentialScopeRequest = v.InferOutput<typeof SetCredentialScopeRequest>;

export const EndSessionRequest = v.strictObject({
  reason: v.optional(v.pipe(v.string(), v.maxLength(1_000))),
});
export type EndSessionRequest = v.InferOutput<typeof EndSessionRequest>;

export const InterruptResult = v.strictObject({
  /** False: nothing was running. */
  interrupted: v.boolean(),
  run_id: v.optional(v.string()),
  session: SessionView,
});
export type InterruptResult = v.InferOutput<typeof InterruptResult>;

export const DeleteResult = v.strictObject({ deleted: v.boolean() });
export type DeleteResult = v.InferOutput<typeof DeleteResult>;

const at = { index: v.number() };

/** One entry of the transcript, its texts in full; an erased text is the empty string. */
export const MessageView = v.variant('role', [
  v.strictObject({ ...at, role: v.literal('user'), run_id: v.string(), content: v.string() }),
  v.strictObject({
    ...at,
    role: v.literal('assistant'),
    run_id: v.string(),
    parts: v.array(AssistantPart),
    stop_reason: StopReason,
    driver: v.string(),
    model: v.string(),
  }),
  v.strictObject({
    ...at,
    role: v.literal('tool'),
    run_id: v.string(),
    tool_call_id: v.string(),
    tool_name: v.string(),
    content: v.string(),
    is_error: v.boolean(),
  }),
]);
export type MessageView = v.InferOutput<typeof MessageView>;
