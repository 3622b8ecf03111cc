import {
  type Compaction,
  type CompactionMethod,
  type Digest,
  KheishError,
  type RunError,
  type RunState,
  type Usage,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { runError } from './end-failed.ts';
import { failRun, finishStopped } from './finish-run.ts';
import { intendAnswer, intendCompaction } from './intend-model-call.ts';
import { hasOlderTurns, modelTarget, promptBudget, promptTokens } from './prompt-budget.ts';
import type { Rules } from './rules.ts';
import { ownAction, settled } from './running-run.ts';

/** What prompts show from here on. */
export interface Compacted {
  readonly method: CompactionMethod;
  readonly view: Compaction;
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  readonly covers: Digest;
}

export type CompactionOutcome =
  | {
      /** `failed`: no summary was to be had. */
      readonly outcome: 'succeeded' | 'failed';
      /** Absent: there is nothing to shorten. */
      readonly compacted?: Compacted;
      readonly usage?: Usage;
      readonly costUsdMicros?: number;
      readonly responseDigest?: Digest;
      readonly error?: RunError;
    }
  | { readonly outcome: 'aborted' };

/** What became of a compaction. The run goes on with the call that it was made for, also where it failed. */
export function settleCompaction(
  state: WorkingState,
  runId: string,
  actionId: string,
  outcome: CompactionOutcome,
  rules: Rules,
): void {
  const { run, action } = ownAction(state, runId, actionId, rules);
  const spent = outcome.outcome === 'aborted' ? {} : spentOn(outcome);
  if (run.stop !== undefined || outcome.outcome === 'aborted') {
    state.record({ ...settled(run, action), outcome: 'aborted', ...spent });
    finishStopped(state, runId, rules);
    return;
  }
  const { compacted, error, responseDigest } = outcome;
  state.record({
    ...settled(run, action),
    outcome: outcome.outcome,
    ...(responseDigest !== undefined && { response_digest: responseDigest }),
    ...(error !== undefined && { error }),
    ...spent,
  });
  if (compacted !== undefined) record(state, run, compacted);
  if (compacted === undefined && run.context_refusals !== undefined) {
    failRun(state, runId, runError(tooLong()), rules);
  } else intendAnswer(state, runId, rules);
}

function spentOn({ usage, costUsdMicros }: Exclude<CompactionOutcome, { outcome: 'aborted' }>) {
  return {
    ...(usage !== undefined && { usage }),
    ...(costUsdMicros !== undefined && { cost_usd_micros: costUsdMicros }),
  };
}

function record(state: WorkingState, run: RunState, compacted: Compacted): void {
  const { method, view, tokensBefore, tokensAfter, covers } = compacted;
  state.record({
    type: 'context_compacted',
    session_id: run.session_id,
    run_id: run.run_id,
    method,
    ...view,
    tokens_before: tokensBefore,
    tokens_after: tokensAfter,
    covers,
  });
}

function tooLong(): KheishError {
  return new KheishError(
    'models/context_exceeded',
    'The model refused the prompt as too long, and there is nothing left in it to shorten.',
  );
}

/**
 * A provider refused the prompt as too long, whatever its window is said to be: the session's prompts to this model are
 * held to half of it, and the call is made again. False where that cannot help.
 */
export function shortenRefused(
  state: WorkingState,
  run: RunState,
  error: RunError,
  rules: Rules,
): boolean {
  const session = state.session(run.session_id);
  const isTooLong = `${error.domain}/${error.code}` === 'models/context_exceeded';
  if (!isTooLong || session === undefined || !hasOlderTurns(session)) return false;
  if (run.step >= rules.limits.maxStepsPerRun) return false;
  const refused = Math.min(promptTokens(session, rules), promptBudget(session, run, rules));
  state.record({
    type: 'context_limited',
    session_id: run.session_id,
    run_id: run.run_id,
    target: modelTarget(run),
    max_tokens: Math.ceil(refused / 2),
  });
  intendCompaction(state, run.run_id, rules);
  return true;
}
