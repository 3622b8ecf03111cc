import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CompactionGoal,
  type PromptEntry,
  type PromptView,
  planCompaction,
  sizeOf,
} from './plan-compaction.ts';

const everything: PromptView = { boundary: 0, outputs_before: 0 };

/** `u` an input, `a` an answer, `t` an output, `T` a long output. */
function entriesOf(letters: string, from = 0): PromptEntry[] {
  return Array.from(letters, (letter, place): PromptEntry => {
    const index = from + place;
    if (letter === 'u') return { index, role: 'user', tokens: 10 };
    if (letter === 'a') return { index, role: 'assistant', tokens: 10 };
    if (letter === 't') return { index, role: 'tool', tokens: 10 };
    return { index, role: 'tool', tokens: 100, shortTokens: 20 };
  });
}

const plan = (letters: string, target: number) =>
  planCompaction(entriesOf(letters), everything, { target, summaryNow: 0, summaryThen: 5 });

describe('a plan', () => {
  test.each<[string, string, number, PromptView | undefined]>([
    ['nothing where it fits', 'uaua', 40, undefined],
    ['only old outputs', 'uaTaTaTaTaTaT', 600, { boundary: 0, outputs_before: 4 }],
    ['the oldest turns', 'uauauaua', 45, { boundary: 4, outputs_before: 0 }],
    [
      'all before what was asked last, and of its outputs all but a little',
      'uauaTT',
      66,
      { boundary: 2, outputs_before: 6 },
    ],
    [
      'the middle of a long run, and not what was asked',
      'uatatat',
      40,
      { boundary: 5, request: 0, outputs_before: 0 },
    ],
    ['as much as can be where it never fits', 'uauau', 1, { boundary: 4, outputs_before: 5 }],
    ['nothing where there is one input', 'u', 1, undefined],
    ['nothing where the summary would be longer', 'ua', 1, undefined],
  ])('takes %s', (_what, letters, target, view) => {
    expect(plan(letters, target)).toEqual(view);
  });
});

const step = fc
  .tuple(fc.array(fc.tuple(fc.nat(200), fc.boolean()), { maxLength: 4 }), fc.nat(50))
  .map(([outputs, tokens]) => [
    { role: 'assistant' as const, tokens },
    ...outputs.map(([size, long]) => ({
      role: 'tool' as const,
      tokens: size + 20,
      ...(long && { shortTokens: 15 }),
    })),
  ]);
const turn = fc
  .tuple(fc.nat(50), fc.array(step, { maxLength: 5 }))
  .map(([tokens, steps]) => [{ role: 'user' as const, tokens }, ...steps.flat()]);
const transcript = fc
  .array(turn, { minLength: 1, maxLength: 8 })
  .map((turns) => turns.flat().map((entry, index): PromptEntry => ({ ...entry, index })));

const shown = (entries: readonly PromptEntry[], view: PromptView) =>
  entries.filter(({ index }) => index >= view.boundary || index === view.request);

test('whatever was said, a plan keeps what was asked last and the answers to calls, shrinks, fits where that can be, and is final [holds context.compaction_plan]', () => {
  const targets = fc.array(fc.nat(600), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(transcript, targets, fc.nat(40), (all, goals, summaryThen) => {
      let now = everything;
      for (const target of goals) {
        const entries = shown(all, now);
        const goal: CompactionGoal = {
          target,
          summaryNow: now.boundary === 0 ? 0 : summaryThen,
          summaryThen,
        };
        const next = planCompaction(entries, now, goal);
        const fits = (view: PromptView) => sizeOf(entries, view, now, goal) <= target;
        if (next === undefined) {
          expect(fits(now) || !everyView(entries, now).some((view) => fits(view))).toBe(true);
          continue;
        }
        expect(sizeOf(entries, next, now, goal)).toBeLessThan(sizeOf(entries, now, now, goal));
        expect(fits(next)).toBe(everyView(entries, now).some((view) => fits(view)));
        expect(next.boundary).toBeGreaterThanOrEqual(now.boundary);
        expect(next.outputs_before).toBeGreaterThanOrEqual(now.outputs_before);
        const left = shown(entries, next);
        expect(left).toContainEqual(entries.findLast(({ role }) => role === 'user'));
        const first = left.find(({ index }) => index >= next.boundary);
        expect(first?.role).not.toBe('tool');
        const after = { ...goal, summaryNow: next.boundary === 0 ? 0 : summaryThen };
        const again = planCompaction(left, next, after);
        if (fits(next)) expect(again).toBeUndefined();
        now = next;
      }
    }),
    { numRuns: 300 },
  );
});

/** Every view that there is, tried one by one. */
function everyView(entries: readonly PromptEntry[], now: PromptView): PromptView[] {
  const asked = entries.findLast(({ role }) => role === 'user')?.index ?? 0;
  const cuts = entries.filter(({ index, role }) => index > now.boundary && role !== 'tool');
  const end = (entries.at(-1)?.index ?? 0) + 1;
  return [now.outputs_before, end].flatMap((outputs_before) => [
    { ...now, outputs_before },
    ...cuts.map(({ index }) => ({
      boundary: index,
      ...(asked < index && { request: asked }),
      outputs_before,
    })),
  ]);
}
