import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { runEvents } from '../testing/sample-events.ts';
import { Generation, RunRequest } from './run.ts';

describe('how the model is asked to generate', () => {
  test.each([
    {},
    { model: 'm' },
    { model: 'x'.repeat(256) },
    { max_output_tokens: 1 },
    { max_output_tokens: 10_000_000 },
    { temperature: 0 },
    { temperature: 2 },
    { reasoning: {} },
    ...['none', 'minimal', 'low', 'medium', 'high', 'xhigh'].map((effort) => ({
      reasoning: { effort },
    })),
  ])('%j is understood', (generation) => {
    expect(v.parse(Generation, generation)).toEqual(generation);
  });

  test.each([
    { model: '' },
    { model: 'x'.repeat(257) },
    { max_output_tokens: 0 },
    { max_output_tokens: 1.5 },
    { max_output_tokens: 10_000_001 },
    { max_output_tokens: 1e308 },
    { temperature: -0.1 },
    { temperature: 2.1 },
    { reasoning: { effort: '' } },
    { reasoning: { effort: 'extreme' } },
    { reasoning: { budget: 1 } },
    { top_k: 1 },
  ])('%j is refused', (generation) => {
    expect(v.is(Generation, generation)).toBe(false);
  });
});

test('metadata of a request is a JSON object', () => {
  const { request } = runEvents.accepted;
  expect(v.parse(RunRequest, { ...request, metadata: {} }).metadata).toEqual({});
  for (const metadata of [[], null, 'text', 1]) {
    expect(v.is(RunRequest, { ...request, metadata })).toBe(false);
  }
});
