import {
  type AssistantMessage,
  type Digest,
  KheishError,
  type RunError,
  type RunOutput,
  type Usage,
  digestOfJson,
  toolCallsOf,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { fallBack, fallbackFor } from './fall-back.ts';
import { failRun, finishStopped, runError } from './finish-run.ts';
import type { Rules } from './rules.ts';
import { ownAction, settled } from './running-run.ts';
import { startQueuedRun } from './start-run.ts';

export type ModelOutcome =
  | {
      readonly outcome: 'succeeded';
      readonly message: AssistantMessage;
      readonly usage?: Usage;
      readonly responseDigest: Digest;
    }
  | { readonly outcome: 'failed'; readonly error: RunError }
  | { readonly outcome: 'aborted' };

/** What a model call brought: the answer, tools to call, or the end of the run. */
export function settleModelCall(
  state: WorkingState,
  runId: string,
  actionId: string,
  outcome: ModelOutcome,
  rules: Rules,
): void {
  const { run, action } = ownAction(state, runId, actionId, rules);
  if (run.stop !== undefined || outcome.outcome === 'aborted') {
    // What was spent was spent, also where nobody wants the answer any more.
    const usage = outcome.outcome === 'succeeded' ? outcome.usage : undefined;
    state.record({ ...settled(run, action), outcome: 'aborted', ...(usage && { usage }) });
    finishStopped(state, runId, rules);
    return;
  }
  if (outcome.outcome === 'failed') {
    const { error } = outcome;
    state.record({ ...settled(run, action), outcome: 'failed', error });
    const model = fallbackFor(run, error, rules);
    if (model === undefined) failRun(state, runId, error, rules);
    else fallBack(state, run, { model, error }, rules);
    return;
  }
  const { message, usage, responseDigest } = outcome;
  state.record({
    ...settled(run, action),
    outcome: 'succeeded',
    response_digest: responseDigest,
    message,
    ...(usage && { usage }),
  });
  if (toolCallsOf(message).length > 0) intendToolCalls(state, runId, message, rules);
  else complete(state, runId, message, rules);
}

function complete(
  state: WorkingState,
  runId: string,
  message: AssistantMessage,
  rules: Rules,
): void {
  const outputs = message.parts.flatMap((part): RunOutput[] =>
    part.type === 'text' && part.text !== ''
      ? [{ source_kind: 'assistant_text', content: part.text }]
      : [],
  );
  const refusal = withoutAnswer(message, outputs);
  if (refusal !== undefined) {
    failRun(state, runId, runError(refusal), rules);
    return;
  }
  const sessionId = state.run(runId)?.session_id ?? '';
  state.record({ type: 'run_completed', session_id: sessionId, run_id: runId, outputs });
  startQueuedRun(state, sessionId, rules);
}

function withoutAnswer(
  message: AssistantMessage,
  outputs: readonly RunOutput[],
): KheishError | undefined {
  if (message.stop_reason === 'refusal') {
    return new KheishError('models/refused', 'The model refused to answer.');
  }
  if (message.stop_reason === 'max_output_tokens' && outputs.length === 0) {
    return new KheishError(
      'models/output_truncated',
      'The model used up its output tokens before it said anything.',
    );
  }
  return undefined;
}

function intendToolCalls(
  state: WorkingState,
  runId: string,
  message: AssistantMessage,
  rules: Rules,
): void {
  const calls = toolCallsOf(message);
  const { maxStepsPerRun, maxToolCallsPerStep } = rules.limits;
  const run = state.run(runId);
  if (run === undefined) throw new Error(`run ${runId} was not loaded`);
  const excess =
    run.step >= maxStepsPerRun
      ? `The run made ${maxStepsPerRun} model calls without coming to an end.`
      : calls.length > maxToolCallsPerStep
        ? `The model asked for ${calls.length} tool calls at once; ${maxToolCallsPerStep} are allowed.`
        : undefined;
  if (excess !== undefined) {
    failRun(state, runId, runError(new KheishError('runs/max_steps_exceeded', excess)), rules);
    return;
  }
  for (const call of calls) {
    state.record({
      type: 'action_intended',
      session_id: run.session_id,
      run_id: runId,
      action_id: rules.newId('action'),
      step: run.step,
      kind: 'tool_call',
      effect: rules.effectOf(call.tool_name),
      target: `tool:${call.tool_name}`,
      request_digest: digestOfJson({ tool: call.tool_name, input: call.input ?? call.raw_input }),
      tool_call_id: call.tool_call_id,
    });
  }
}
