import {
  type Compaction,
  KheishError,
  type PromptMessage,
  type RunError,
  type Usage,
  digestOfJson,
  digestOfText,
  modelInUse,
} from '@kheish/core-model';
import { callModel } from '@kheish/model-drivers';
import type { BlobRow, Store, TranscriptEntry } from '@kheish/state-store';
import { type CompactionGoal, type PromptView, planCompaction } from '../decide/plan-compaction.ts';
import type { Rules } from '../decide/rules.ts';
import type { Compacted, CompactionOutcome } from '../decide/settle-compaction.ts';
import {
  type PromptMeasure,
  type ShownTranscript,
  measured,
  shownTranscript,
} from '../prompt/prompt-measure.ts';
import { resolveMessage } from '../prompt/resolve-message.ts';
import { summaryPrompt, summaryRequest } from '../prompt/summary-request.ts';
import { boundedText } from './bounded-text.ts';
import type { Intent } from './intent.ts';
import { type ModelCallPorts, costIn } from './model-call.ts';
import type { KeepText, ReadPatiently } from './tool-call.ts';

export interface CompactionPorts extends ModelCallPorts {
  readonly rules: Rules;
  readonly read: ReadPatiently;
  /** Keeps a text as a blob, however short: session states carry no texts. */
  readonly keepApart: KeepText;
  readonly shownError: (thrown: unknown) => RunError;
}

export interface PreparedCompaction {
  readonly outcome: CompactionOutcome;
  readonly blobs: readonly BlobRow[];
}

/**
 * Plans what the session's prompts show from here on, and has the run's model make a summary of the turns that go. Where
 * there is none to be had they go without. Only the abort of `signal` rejects, and a store that is broken.
 */
export async function performCompaction(
  intent: Intent,
  signal: AbortSignal,
  ports: CompactionPorts,
): Promise<PreparedCompaction> {
  const { session_id: sessionId, run_id: runId } = intent;
  const shown = await ports.read(() => shownTranscript(ports.store, sessionId, runId));
  signal.throwIfAborted();
  const { now, entries } = shown;
  const measure = measured(shown, ports.rules);
  const view = planCompaction(measure.planned, now, measure.goal);
  if (view === undefined) return { outcome: { outcome: 'succeeded' }, blobs: [] };

  const compactedTo = (method: Compacted['method'], then: Compaction): Compacted => ({
    method,
    view: then,
    tokensBefore: measure.tokens,
    tokensAfter: measure.tokensWith(view),
    covers: coveredBy(entries, now, view),
  });
  if (view.boundary === now.boundary) {
    const compacted = compactedTo('outputs', { ...now, outputs_before: view.outputs_before });
    return { outcome: { outcome: 'succeeded', compacted }, blobs: [] };
  }
  const summary = await summaryOf(shown, view, measure, signal, { ...ports, intent });
  if ('error' in summary) {
    const compacted = compactedTo('cut', { ...view, ...earlierSummary(now, measure.goal) });
    return { outcome: { outcome: 'failed', error: summary.error, compacted }, blobs: [] };
  }
  const { text, ...spent } = summary;
  const { body, blobs } = await ports.keepApart(text);
  const compacted = compactedTo('summary', { ...view, summarized: view.boundary, summary: body });
  const responseDigest = digestOfText(text);
  return { outcome: { outcome: 'succeeded', compacted, responseDigest, ...spent }, blobs };
}

/** The messages that this compaction took out or shortened. */
function coveredBy(entries: readonly TranscriptEntry[], now: PromptView, then: PromptView) {
  const to = then.boundary > now.boundary ? then.boundary : then.outputs_before;
  const covered = entries.filter(({ index }) => index < to);
  return digestOfJson(covered.map(({ index, message }) => ({ index, message })));
}

/** A summary of earlier turns stays where there is room for it. */
function earlierSummary(
  { summarized, summary }: Compaction,
  { summaryNow, summaryThen }: CompactionGoal,
): Pick<Compaction, 'summarized' | 'summary'> {
  if (summary === undefined || summaryNow > summaryThen) return { summarized: 0 };
  return { summarized, summary };
}

type Summary =
  | { readonly text: string; readonly usage?: Usage; readonly costUsdMicros?: number }
  | { readonly error: RunError };

async function summaryOf(
  { session, run, now, entries }: ShownTranscript,
  view: PromptView,
  { goal, budget }: PromptMeasure,
  signal: AbortSignal,
  ports: CompactionPorts & { readonly intent: Intent },
): Promise<Summary> {
  const { store, routes, clock, random, callPolicy } = ports;
  const id = session.session_id;
  const leaving = entries.filter(({ index }) => index < view.boundary && index !== view.request);
  const messages = await ports.read(() => resolved(store, id, leaving));
  const { summary: before } = now;
  const earlier =
    before === undefined ? undefined : await ports.read(() => store.blobs.text(id, before));
  ports.reach?.('model.begun');
  try {
    const answer = await callModel({
      driver: await ports.read(() => routes.driver(run.route, ports.intent)),
      request: {
        model: modelInUse(run),
        system: summaryPrompt,
        // Two characters a token: less than the prompt that did not fit.
        messages: [{ role: 'user', content: summaryRequest(earlier, messages, budget * 2) }],
        tools: [],
        generation: { max_output_tokens: goal.summaryThen },
      },
      clock,
      random,
      signal,
      ...(callPolicy && { policy: callPolicy }),
    });
    ports.reach?.('model.answered');
    const text = ports.redactor.redact(
      answer.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join(''),
    );
    if (answer.stop_reason === 'refusal' || text.trim() === '') {
      throw new KheishError('models/refused', 'The model gave no summary.');
    }
    return {
      text: boundedText(text.toWellFormed(), goal.summaryThen * 3),
      ...(answer.usage && { usage: answer.usage, ...costIn(answer.usage, run, ports) }),
    };
  } catch (thrown) {
    signal.throwIfAborted();
    return { error: ports.shownError(thrown) };
  }
}

async function resolved(
  store: Store,
  sessionId: string,
  entries: readonly TranscriptEntry[],
): Promise<PromptMessage[]> {
  const messages: PromptMessage[] = [];
  for (const entry of entries) messages.push(await resolveMessage(store, sessionId, entry, true));
  return messages;
}
