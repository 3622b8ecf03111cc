import { addCost } from '../budget/cost.ts';
import type { DomainEvent, EventOf, EventType } from '../journal/events.ts';
import { addUsage } from '../message/message.ts';
import { tokensOfBody, tokensOfMessage } from '../message/token-estimate.ts';
import { nothingCompacted } from './compaction.ts';
import type { SessionState } from './session.ts';
import { transcriptDigest } from './transcript-digest.ts';

type Step<T extends EventType> = (
  session: SessionState,
  event: EventOf<T>,
  atMs: number,
) => SessionState;

/** A run left the session's queue or its active place. */
function without(session: SessionState, runId: string): SessionState {
  const { active_run_id: active, waiting_for: waiting, ...rest } = session;
  return {
    ...rest,
    ...(active !== undefined && active !== runId && { active_run_id: active }),
    ...(waiting !== undefined && active !== runId && { waiting_for: waiting }),
    queued_run_ids: session.queued_run_ids.filter((id) => id !== runId),
  };
}

/** The event brings a message. */
function spoken(
  session: SessionState,
  event: EventOf<'tool_call_refused' | 'question_resolved'>,
): SessionState {
  return {
    ...session,
    message_count: session.message_count + 1,
    transcript_digest: transcriptDigest(session.transcript_digest, event.message),
    context_tokens: (session.context_tokens ?? 0) + tokensOfMessage(event.message),
  };
}

/** What a provider counted is known; what was said since is estimated. */
function contextAfter(session: SessionState, event: EventOf<'action_settled'>): number {
  const { usage, message } = event;
  if (usage !== undefined && message?.role === 'assistant') {
    return usage.input_tokens + usage.output_tokens;
  }
  const before = session.context_tokens ?? 0;
  return message === undefined ? before : before + tokensOfMessage(message);
}

/** What prompts do not show any more they never show again. */
function compacted(session: SessionState, event: EventOf<'context_compacted'>): SessionState {
  const { boundary, request, summarized, summary, outputs_before } = event;
  const before = session.compaction ?? { ...nothingCompacted, count: 0 };
  const isOnward =
    boundary >= before.boundary &&
    outputs_before >= before.outputs_before &&
    Math.max(boundary, outputs_before) <= session.message_count;
  if (!isOnward) throw new Error(`session ${session.session_id}: compacted backwards`);
  return {
    ...session,
    context_tokens: event.tokens_after,
    compaction: {
      boundary,
      ...(request !== undefined && { request }),
      summarized,
      ...(summary !== undefined && { summary }),
      outputs_before,
      count: before.count + 1,
      at_message: session.message_count,
    },
  };
}

/** The active run waits for nobody any more. */
function going(session: SessionState): SessionState {
  const { waiting_for: _waiting, ...rest } = session;
  return rest;
}

const steps: { [T in EventType]?: Step<T> } = {
  session_route_policy_set: (session, event) => {
    const { route_policy: _old, ...rest } = session;
    return event.route_policy === null ? rest : { ...rest, route_policy: event.route_policy };
  },
  session_credential_scope_set: (session, event) => {
    const { credential_scope: _old, ...rest } = session;
    const { credential_scope: scope } = event;
    return scope === null ? rest : { ...rest, credential_scope: scope };
  },
  session_ended: (session, event, atMs) => ({
    ...session,
    status: 'ended',
    ended_at_ms: atMs,
    ...(event.reason !== undefined && { end_reason: event.reason }),
  }),
  session_deleted: (session) => {
    const {
      system_prompt: _prompt,
      end_reason: _reason,
      context_tokens: _context,
      compaction: _compaction,
      ...rest
    } = session;
    return { ...rest, status: 'deleted' };
  },
  run_accepted: (session, event) => ({
    ...session,
    queued_run_ids: [...session.queued_run_ids, event.run_id],
    context_tokens: (session.context_tokens ?? 0) + tokensOfBody(event.request.content),
  }),
  run_started: (session, event) => {
    if (session.active_run_id !== undefined) {
      throw new Error(`session ${session.session_id}: two active runs`);
    }
    return {
      ...without(session, event.run_id),
      active_run_id: event.run_id,
      message_count: session.message_count + 1,
      ...(event.input_digest !== undefined && {
        transcript_digest: transcriptDigest(session.transcript_digest, event.input_digest),
      }),
    };
  },
  action_settled: (session, event) => {
    const { message, response_digest: answered } = event;
    const usage = addUsage(session.usage, event.usage);
    return {
      ...session,
      message_count: session.message_count + (message === undefined ? 0 : 1),
      ...(message !== undefined && {
        transcript_digest: transcriptDigest(session.transcript_digest, answered ?? message),
      }),
      ...(usage && { usage }),
      ...(event.usage && { cost: addCost(session.cost, event.cost_usd_micros) }),
      context_tokens: contextAfter(session, event),
    };
  },
  tool_call_refused: spoken,
  question_resolved: spoken,
  context_compacted: compacted,
  context_limited: (session, event) => ({
    ...session,
    context_limits: { ...session.context_limits, [event.target]: event.max_tokens },
  }),
  run_suspended: (session, event) => ({ ...session, waiting_for: event.waiting_for }),
  run_resumed: (session) => going(session),
  run_completed: (session, event) => without(session, event.run_id),
  run_failed: (session, event) => without(session, event.run_id),
  run_interrupted: (session, event) => without(session, event.run_id),
  run_cancelled: (session, event) => without(session, event.run_id),
};

function created(event: EventOf<'session_created'>, atMs: number): SessionState {
  return {
    session_id: event.session_id,
    agent_id: event.agent_id,
    ...(event.thread_id !== undefined && { thread_id: event.thread_id }),
    ...(event.system_prompt !== undefined && { system_prompt: event.system_prompt }),
    ...(event.credential_scope !== undefined && { credential_scope: event.credential_scope }),
    status: 'open',
    created_at_ms: atMs,
    updated_at_ms: atMs,
    queued_run_ids: [],
    message_count: 0,
  };
}

/** The session after the event. Throws on an event that its state cannot have. */
export function evolveSession(
  session: SessionState | undefined,
  event: DomainEvent,
  atMs: number,
): SessionState {
  if (event.type === 'session_created') {
    if (session !== undefined) throw new Error(`session ${session.session_id} is created twice`);
    return created(event, atMs);
  }
  if (session === undefined) throw new Error(`${event.type} for a session that does not exist`);
  const step = steps[event.type] as Step<EventType> | undefined;
  return { ...(step?.(session, event, atMs) ?? session), updated_at_ms: atMs };
}
