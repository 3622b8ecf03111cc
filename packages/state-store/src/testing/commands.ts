import type { Body, EventOf, RunError, ToolCallPart } from '@kheish/core-model';
import type { BlobRow } from '../blobs/blob-store.ts';
import type { Command } from '../commit/command.ts';

const route = { route_id: 'main', driver: 'scripted', model: 'small' };

export function created(sessionId: string, systemPrompt?: string): EventOf<'session_created'> {
  return {
    type: 'session_created',
    session_id: sessionId,
    agent_id: 'agent_1',
    ...(systemPrompt !== undefined && { system_prompt: systemPrompt }),
  };
}

export function accepted(
  sessionId: string,
  runId: string,
  content: Body = 'hello',
): EventOf<'run_accepted'> {
  return {
    type: 'run_accepted',
    session_id: sessionId,
    run_id: runId,
    agent_id: 'agent_1',
    kind: 'input',
    request: {
      source_plugin: 'http',
      source_kind: 'api',
      actor_id: 'operator',
      content,
      text_preview: typeof content === 'string' ? content.slice(0, 200) : '',
    },
    route,
  };
}

export function started(sessionId: string, runId: string): EventOf<'run_started'> {
  return { type: 'run_started', session_id: sessionId, run_id: runId, incarnation: 1 };
}

export function intended(
  sessionId: string,
  runId: string,
  actionId: string,
  step = 1,
): EventOf<'action_intended'> {
  return {
    type: 'action_intended',
    session_id: sessionId,
    run_id: runId,
    action_id: actionId,
    step,
    kind: 'model_call',
    effect: 'repeatable',
    target: 'model:main/small',
    request_digest: `sha256:${'0'.repeat(64)}`,
  };
}

/** What a model said: its text, and the calls it asks for. */
export function answered(
  sessionId: string,
  runId: string,
  actionId: string,
  text: Body,
  calls: readonly ToolCallPart[] = [],
): EventOf<'action_settled'> {
  return {
    type: 'action_settled',
    session_id: sessionId,
    run_id: runId,
    action_id: actionId,
    step: 1,
    kind: 'model_call',
    target: 'model:main/small',
    outcome: 'succeeded',
    message: {
      role: 'assistant',
      parts: [{ type: 'text', text }, ...calls],
      stop_reason: 'end',
      driver: 'scripted',
      model: 'small',
    },
    usage: { input_tokens: 3, output_tokens: 5 },
  };
}

export function completed(
  sessionId: string,
  runId: string,
  content: Body,
): EventOf<'run_completed'> {
  return {
    type: 'run_completed',
    session_id: sessionId,
    run_id: runId,
    outputs: [{ source_kind: 'assistant_text', content }],
  };
}

export function failed(sessionId: string, runId: string, error: RunError): EventOf<'run_failed'> {
  return { type: 'run_failed', session_id: sessionId, run_id: runId, error };
}

/** A command that records these events of one session. */
export function recording(
  sessionId: string,
  ...events: Parameters<Parameters<Command<void>['decide']>[0]['record']>
): Command<void> {
  return { load: { session: sessionId }, decide: (state) => state.record(...events) };
}

export function withBlobs<R>(command: Command<R>, blobs: readonly BlobRow[]): Command<R> {
  return { ...command, blobs };
}

/** A whole conversation of one run. */
export function conversation(sessionId: string, runId: string, question: Body, answer: Body) {
  return recording(
    sessionId,
    accepted(sessionId, runId, question),
    started(sessionId, runId),
    intended(sessionId, runId, `${runId}.action`),
    answered(sessionId, runId, `${runId}.action`, answer),
    completed(sessionId, runId, answer),
  );
}
