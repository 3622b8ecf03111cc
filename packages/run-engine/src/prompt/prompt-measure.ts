import {
  type Body,
  type Compaction,
  type Message,
  type RunState,
  type SessionState,
  nothingCompacted,
  tokensOfBody,
  tokensOfMessage,
} from '@kheish/core-model';
import type { Store, TranscriptEntry } from '@kheish/state-store';
import { SUMMARY_TOKENS } from '../decide/intend-model-call.ts';
import {
  type CompactionGoal,
  type PromptEntry,
  type PromptView,
  sizeOf,
} from '../decide/plan-compaction.ts';
import { promptBudget, promptTokens, surfaceTokens } from '../decide/prompt-budget.ts';
import type { Rules } from '../decide/rules.ts';
import { SHORTENED_FROM_BYTES, SHORT_OUTPUT_TOKENS } from './shown-output.ts';

/** Of what a prompt may have, the part that is left after a compaction: the next one shall not come soon. */
const SHARE_AFTERWARDS = 0.6;

/** Tokens of the note about what is not shown. */
const HEAD_TOKENS = 100;

/** What the next prompt of a session shows. */
export interface ShownTranscript {
  readonly session: SessionState;
  readonly run: RunState;
  readonly now: Compaction;
  readonly entries: readonly TranscriptEntry[];
}

export function shownTranscript(store: Store, sessionId: string, runId: string): ShownTranscript {
  const session = store.read.session(sessionId);
  const run = store.read.run(runId);
  if (session === undefined || run === undefined) throw new Error(`run ${runId} is not stored`);
  const {
    count: _count,
    at_message: _at,
    ...now
  } = session.compaction ?? {
    ...nothingCompacted,
    count: 0,
    at_message: 0,
  };
  const read = (from: number, limit: number) => store.read.messages(sessionId, { from, limit });
  const asked = now.request === undefined ? [] : read(now.request, 1);
  const since = read(now.boundary, session.message_count - now.boundary);
  return { session, run, now, entries: [...asked, ...since] };
}

/** A shown transcript in tokens, and what it may have. */
export interface PromptMeasure {
  readonly planned: readonly PromptEntry[];
  /** Of the whole prompt, as far as it is known. */
  readonly tokens: number;
  readonly budget: number;
  /** In the estimates of `planned`. */
  readonly goal: CompactionGoal;
  /** Tokens of the whole prompt with another view, in the measure of `tokens`. */
  readonly tokensWith: (view: PromptView) => number;
}

export function measured(shown: ShownTranscript, rules: Rules): PromptMeasure {
  const { session, run, now, entries } = shown;
  const planned = entries.map(({ index, message }) => plannable(index, message));
  const summaryNow = now.summary === undefined ? 0 : tokensOfBody(now.summary);
  const goalOf = (target: number): CompactionGoal => ({
    target,
    summaryNow,
    summaryThen: Math.max(64, Math.min(SUMMARY_TOKENS, Math.floor(target / 4))),
  });
  const tokens = promptTokens(session, rules);
  const budget = promptBudget(session, run, rules);
  const surface = surfaceTokens(session, rules) + HEAD_TOKENS;
  // Estimates are rather too high; what a provider counted says by how much.
  const measure = tokens / (surface + sizeOf(planned, now, now, goalOf(0)));
  const goal = goalOf(Math.max(0, Math.floor((budget * SHARE_AFTERWARDS) / measure) - surface));
  return {
    planned,
    tokens,
    budget,
    goal,
    tokensWith: (view) => Math.ceil((surface + sizeOf(planned, view, now, goal)) * measure),
  };
}

function plannable(index: number, message: Message): PromptEntry {
  const tokens = tokensOfMessage(message);
  const isLong = message.role === 'tool' && bytesOf(message.content) > SHORTENED_FROM_BYTES;
  return { index, role: message.role, tokens, ...(isLong && { shortTokens: SHORT_OUTPUT_TOKENS }) };
}

function bytesOf(body: Body): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.bytes;
}
