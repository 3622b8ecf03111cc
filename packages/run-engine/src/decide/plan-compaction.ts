import type { Compaction, Message } from '@kheish/core-model';

/** Long outputs that stand as they are when older ones are shortened. */
const KEPT_OUTPUTS = 5;

/** A message of the transcript as the plan needs it. Tokens are estimated. */
export interface PromptEntry {
  readonly index: number;
  readonly role: Message['role'];
  readonly tokens: number;
  /** Of the little that may be shown of a long output. */
  readonly shortTokens?: number;
}

/** Which part of the transcript a prompt shows. */
export type PromptView = Pick<Compaction, 'boundary' | 'request' | 'outputs_before'>;

export interface CompactionGoal {
  /** Tokens that the messages may have together. */
  readonly target: number;
  /** Of the summary as it is now. */
  readonly summaryNow: number;
  /** Put aside for a new one. */
  readonly summaryThen: number;
}

/**
 * What to show of the transcript so that it fits; undefined where it fits as it is, or cannot be made smaller.
 * Outputs of tools are shortened first, then the oldest turns go. What was asked last stays whole, and a call stays with
 * its answers. `entries`: what the prompt shows now, in order.
 */
export function planCompaction(
  entries: readonly PromptEntry[],
  now: PromptView,
  goal: CompactionGoal,
): PromptView | undefined {
  const size = (view: PromptView) => sizeOf(entries, view, now, goal);
  const before = size(now);
  if (before <= goal.target) return undefined;

  const end = (entries.at(-1)?.index ?? -1) + 1;
  const older = { ...now, outputs_before: Math.max(now.outputs_before, oldOutputs(entries)) };
  const all = { ...now, outputs_before: end };
  const fits = (view: PromptView) => size(view) <= goal.target;
  const cuts = entries.filter(({ index, role }) => role !== 'tool' && index > now.boundary);
  const cut = (view: PromptView) => {
    const views = cuts.map(({ index }) => cutAt(entries, view, index));
    return views[firstThat(views.length, (nth) => fits(views[nth] ?? view))];
  };
  const last = cutAt(entries, all, cuts.at(-1)?.index ?? now.boundary);
  const smallest = cuts.length === 0 || size(all) <= size(last) ? all : last;
  const chosen = (fits(older) ? older : cut(older)) ?? (fits(all) ? all : cut(all)) ?? smallest;
  return size(chosen) < before ? chosen : undefined;
}

/** The first number below `count` that holds; `count` where none does. After one that holds all hold. */
function firstThat(count: number, holds: (nth: number) => boolean): number {
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** The view without the turns before `boundary`. */
function cutAt(entries: readonly PromptEntry[], view: PromptView, boundary: number): PromptView {
  const asked = entries.findLast(({ role }) => role === 'user')?.index ?? boundary;
  const { outputs_before } = view;
  return asked < boundary
    ? { boundary, request: asked, outputs_before }
    : { boundary, outputs_before };
}

/** The index of the first output that is not old. */
function oldOutputs(entries: readonly PromptEntry[]): number {
  const outputs = entries.filter(({ role }) => role === 'tool');
  return outputs.length <= KEPT_OUTPUTS ? 0 : (outputs.at(-KEPT_OUTPUTS)?.index ?? 0);
}

export function sizeOf(
  entries: readonly PromptEntry[],
  view: PromptView,
  now: PromptView,
  { summaryNow, summaryThen }: CompactionGoal,
): number {
  let tokens = view.boundary === now.boundary ? summaryNow : summaryThen;
  for (const { index, tokens: full, shortTokens = full } of entries) {
    if (index < view.boundary && index !== view.request) continue;
    tokens += index < view.outputs_before ? shortTokens : full;
  }
  return tokens;
}
