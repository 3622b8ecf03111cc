import {
  type EventOf,
  type ReachCrashPoint,
  type RunError,
  type ToolMessage,
  digestOfText,
} from '@kheish/core-model';
import type { BlobRow, PreparedBody, Store } from '@kheish/state-store';
import { runError } from '../decide/finish-run.ts';
import type { ToolOutcome } from '../decide/settle-tool-call.ts';
import type { ToolGate } from './tool-gate.ts';

/** Prepares a text of an outcome for its commit; waits where the disk does not take it. */
export type KeepText = (text: string) => Promise<PreparedBody>;

/** Reads the store; where the disk does not give it, waits. */
export type ReadPatiently = <T>(read: () => T | Promise<T>) => Promise<T>;

/** Performs an intended tool call through the gate, and prepares what of its answer is stored. */
export async function performToolCall(
  intent: EventOf<'action_intended'>,
  signal: AbortSignal,
  ports: {
    store: Store;
    gate: ToolGate;
    read: ReadPatiently;
    keep: KeepText;
    reach?: ReachCrashPoint;
  },
): Promise<{ outcome: ToolOutcome; blobs: readonly BlobRow[] }> {
  const { session_id, run_id, action_id, tool_call_id: callId = '' } = intent;
  const call = await ports.read(() => ports.store.read.toolCall(session_id, callId));
  if (call === undefined) throw new Error(`tool call ${callId} is not in the transcript`);
  const context = { session_id, run_id, action_id, signal };
  ports.reach?.('tool.begun');
  const { content, error } = await ports.gate.run(call, context);
  ports.reach?.('tool.returned');
  const { body, blobs } = await ports.keep(content);
  const outcome: ToolOutcome = {
    outcome: error === undefined ? 'succeeded' : 'failed',
    message: {
      role: 'tool',
      tool_call_id: callId,
      tool_name: call.tool_name,
      content: body,
      is_error: error !== undefined,
    },
    responseDigest: digestOfText(content),
    ...(error && { error: runError(error) }),
  };
  return { outcome, blobs };
}

/** The answer to a call that was stopped before it came to its end. */
export function stoppedToolCall(intent: EventOf<'action_intended'>): ToolOutcome {
  const content = 'The call was stopped before it came to its end.';
  return { outcome: 'aborted', message: unansweredCall(intent, content) };
}

/** The answer to a call that the daemon itself could not carry through. */
export function brokenToolCall(intent: EventOf<'action_intended'>, error: RunError): ToolOutcome {
  const content = 'The call failed inside the daemon. Its outcome is not known.';
  return { outcome: 'failed', message: unansweredCall(intent, content), error };
}

function unansweredCall(intent: EventOf<'action_intended'>, content: string): ToolMessage {
  return {
    role: 'tool',
    tool_call_id: intent.tool_call_id ?? '',
    tool_name: intent.target.slice('tool:'.length),
    content,
    is_error: true,
  };
}
