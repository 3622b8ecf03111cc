import {
  type AssistantMessage,
  type Digest,
  KheishError,
  type RunError,
  type RunOutput,
  type Usage,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { runError } from './end-failed.ts';
import { fallBack, fallbackFor } from './fall-back.ts';
import { failRun, finishStopped } from './finish-run.ts';
import type { PreparedCall } from './prepared-call.ts';
import type { Rules } from './rules.ts';
import { ownAction, settled } from './running-run.ts';
import { shortenRefused } from './settle-compaction.ts';
import { startQueuedRun } from './start-run.ts';
import { decideToolCalls } from './tool-calls.ts';

export type ModelOutcome =
  | {
      readonly outcome: 'succeeded';
      readonly message: AssistantMessage;
      readonly usage?: Usage;
      /** Absent where the model has no price. */
      readonly costUsdMicros?: number;
      readonly responseDigest: Digest;
      /** The tool calls of the message. */
      readonly calls: readonly PreparedCall[];
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
    const spent = outcome.outcome === 'succeeded' ? spentOn(outcome) : {};
    state.record({ ...settled(run, action), outcome: 'aborted', ...spent });
    finishStopped(state, runId, rules);
    return;
  }
  if (outcome.outcome === 'failed') {
    const { error } = outcome;
    state.record({ ...settled(run, action), outcome: 'failed', error });
    if (shortenRefused(state, run, error, rules)) return;
    const model = fallbackFor(run, error, rules);
    if (model === undefined) failRun(state, runId, error, rules);
    else fallBack(state, run, { model, error }, rules);
    return;
  }
  const { message, responseDigest, calls } = outcome;
  state.record({
    ...settled(run, action),
    outcome: 'succeeded',
    response_digest: responseDigest,
    message,
    ...spentOn(outcome),
  });
  if (calls.length > 0) decideToolCalls(state, runId, calls, rules);
  else complete(state, runId, message, rules);
}

function spentOn({ usage, costUsdMicros }: Extract<ModelOutcome, { outcome: 'succeeded' }>) {
  return {
    ...(usage !== undefined && { usage }),
    ...(costUsdMicros !== undefined && { cost_usd_micros: costUsdMicros }),
  };
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
