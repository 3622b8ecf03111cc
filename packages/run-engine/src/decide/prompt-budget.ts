import { type RunState, type SessionState, modelInUse, tokensOfText } from '@kheish/core-model';
import type { Rules } from './rules.ts';

/** Tokens that a call may answer with where its run does not say. */
const DEFAULT_OUTPUT_TOKENS = 8_192;

/** Of the window, the part that prompts may have before they are shortened. */
const PROMPT_SHARE = 0.8;

/** However long an answer may be, a prompt has this part of the window. */
const LEAST_SHARE = 0.5;

/** Tokens that the next answer of a run may have. */
export function outputTokens(run: RunState): number {
  return run.request.generation?.max_output_tokens ?? DEFAULT_OUTPUT_TOKENS;
}

/** What the run's model calls go to. */
export function modelTarget(run: RunState): string {
  return `model:${run.route.route_id}/${modelInUse(run)}`;
}

/** Tokens of what stands before the transcript, estimated. */
export function surfaceTokens(session: SessionState, rules: Rules): number {
  return rules.surfaceTokens + tokensOfText(session.system_prompt ?? '');
}

/** Tokens of the next prompt of a session: as a provider counted it, and estimated since. */
export function promptTokens(session: SessionState, rules: Rules): number {
  const uncounted = session.usage === undefined ? surfaceTokens(session, rules) : 0;
  return uncounted + (session.context_tokens ?? 0);
}

/** Tokens that the prompt of the run's next call may have. */
export function promptBudget(session: SessionState, run: RunState, rules: Rules): number {
  const window = rules.contextWindow(run.route.route_id);
  const besideAnswer = Math.min(window * PROMPT_SHARE, window - outputTokens(run));
  const known = session.context_limits?.[modelTarget(run)] ?? Infinity;
  return Math.floor(Math.min(Math.max(besideAnswer, window * LEAST_SHARE), known));
}

/** Whether some of the transcript could be left out at all. */
export function hasOlderTurns({ message_count: count, compaction }: SessionState): boolean {
  return count - (compaction?.boundary ?? 0) > 1;
}

/** Whether the transcript is to be shortened before the run's next call. Once for a call: what is left stays. */
export function mustCompact(session: SessionState, run: RunState, rules: Rules): boolean {
  if (promptTokens(session, rules) <= promptBudget(session, run, rules)) return false;
  return session.compaction?.at_message !== session.message_count && hasOlderTurns(session);
}
