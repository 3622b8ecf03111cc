import {
  type JsonObject,
  KheishError,
  type ReachCrashPoint,
  type RunError,
  type RunState,
  type ToolCallPart,
  type ToolContext,
  type ToolMessage,
  digestOfText,
} from '@kheish/core-model';
import type { BlobRow, PreparedBody, Store, WorkingState } from '@kheish/state-store';
import { runError } from '../decide/end-failed.ts';
import { type PreparedCall, actionDigest } from '../decide/prepared-call.ts';
import type { Rules } from '../decide/rules.ts';
import type { ToolOutcome } from '../decide/settle-tool-call.ts';
import type { Intent } from './intent.ts';
import type { ToolAnswer, ToolGate } from './tool-gate.ts';

/** Prepares a text of an outcome for its commit; waits where the disk does not take it. */
export type KeepText = (text: string) => Promise<PreparedBody>;

/** Reads the store; where the disk does not give it, waits. */
export type ReadPatiently = <T>(read: () => T | Promise<T>) => Promise<T>;

export interface ToolCallPorts {
  readonly store: Store;
  readonly gate: ToolGate;
  readonly rules: Rules;
  readonly read: ReadPatiently;
  readonly keep: KeepText;
  readonly begin: ToolContext['begin'];
  readonly background: ToolContext['background'];
  readonly reach?: ReachCrashPoint;
}

/** Performs an intended tool call through the gate, and prepares what of its answer is stored. */
export async function performToolCall(
  intent: Intent,
  signal: AbortSignal,
  ports: ToolCallPorts,
): Promise<{ outcome: ToolOutcome; blobs: readonly BlobRow[] }> {
  const { session_id, run_id, action_id, approval } = intent;
  const { run, call } = await ports.read(() => approvedCall(intent, ports.store));
  const { store, rules, begin, background } = ports;
  const authority = {
    run,
    ...(approval !== undefined && { approval }),
    verdict: (prepared: PreparedCall) => {
      const now = rules.forbid(prepared);
      if (approval !== undefined || now.decision !== 'allow') return now;
      return rules.permit(store.read, run, prepared);
    },
    limits: store.read.runtime(run.config_revision).config.tool_limits,
    isOnRecord: intent.audit_target !== undefined,
  };
  ports.reach?.('tool.begun');
  const answer = await ports.gate.run(call, authority, {
    session_id,
    run_id,
    action_id,
    signal,
    reach: authority.limits.max_sandbox,
    begin,
    background,
  });
  ports.reach?.('tool.returned');
  const changed = intent.effect === 'once' ? await changedApprovals(run_id, ports) : [];
  const { body, blobs } = await ports.keep(answer.decision?.text ?? answer.content);
  return { outcome: { ...outcomeOf(call, answer, body), changed }, blobs };
}

function outcomeOf(
  { tool_call_id, tool_name }: ToolCallPart,
  { content, error, deathUnproven, decision }: ToolAnswer,
  body: PreparedBody['body'],
): ToolOutcome {
  const is_error = error !== undefined;
  return {
    outcome: is_error ? 'failed' : 'succeeded',
    message: { role: 'tool', tool_call_id, tool_name, content: body, is_error },
    responseDigest: digestOfText(content),
    ...(error && { error: runError(error) }),
    ...(deathUnproven !== undefined && { deathUnproven }),
    ...(decision !== undefined && {
      decide: (state: WorkingState, decider: RunState) =>
        decision.decide(state, decider, decision.text === undefined ? undefined : body),
    }),
  };
}

/** The call as the model asked for it, or with the arguments that the operator put in their place. */
async function approvedCall(
  { session_id, run_id, tool_call_id: callId = '', approval }: Intent,
  store: Store,
): Promise<{ run: RunState; call: ToolCallPart }> {
  const run = store.read.run(run_id);
  const asked = store.read.toolCall(session_id, callId);
  if (run === undefined) throw new Error(`run ${run_id} is not stored`);
  if (asked === undefined) throw new Error(`tool call ${callId} is not in the transcript`);
  if (approval?.input === undefined) return { run, call: asked };
  const text = await store.blobs.text(session_id, approval.input);
  const { raw_input: _raw, ...call } = asked;
  return { run, call: { ...call, input: JSON.parse(text) as JsonObject } };
}

/** Open requests of the run whose action is not what it was any more. */
async function changedApprovals(
  runId: string,
  { store, gate, read }: ToolCallPorts,
): Promise<NonNullable<ToolOutcome['changed']>> {
  const run = await read(() => store.read.run(runId));
  const changed = [];
  for (const request of run?.approvals ?? []) {
    if (request.kind !== 'tool') continue;
    const { id, tool_call_id: callId, digest } = request;
    const call = await read(() => store.read.toolCall(run?.session_id ?? '', callId));
    if (run === undefined || call === undefined) continue;
    const prepared = await gate.prepare(call, always);
    if (actionDigest(run, prepared) !== digest) changed.push({ requestId: id, prepared });
  }
  return changed;
}

const always = () => true;

/** The answer to a call that was stopped before it came to its end. */
export function stoppedToolCall(intent: Intent, thrown: unknown): ToolOutcome {
  const deathUnproven = thrown instanceof KheishError && thrown.code === 'tools/death_unproven';
  const content = deathUnproven
    ? `The call was stopped before it came to its end. ${thrown.message}`
    : 'The call was stopped before it came to its end.';
  return { outcome: 'aborted', message: unansweredCall(intent, content), deathUnproven };
}

/** The answer to a call that the daemon itself could not carry through. */
export function brokenToolCall(intent: Intent, error: RunError): ToolOutcome {
  const content = 'The call failed inside the daemon. Its outcome is not known.';
  return { outcome: 'failed', message: unansweredCall(intent, content), error };
}

function unansweredCall(intent: Intent, content: string): ToolMessage {
  return {
    role: 'tool',
    tool_call_id: intent.tool_call_id ?? '',
    tool_name: intent.target.slice('tool:'.length),
    content,
    is_error: true,
  };
}
