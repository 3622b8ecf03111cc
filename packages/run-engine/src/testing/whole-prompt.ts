import {
  type Compaction,
  type Message,
  type PromptMessage,
  nothingCompacted,
  toolCallsOf,
} from '@kheish/core-model';
import { expect } from 'vitest';
import { AnsweredCalls } from '../prompt/answered-calls.ts';

/** The prompt of a transcript has each message that it is to show, and each call with its answers right behind it. */
export function expectWhole(
  transcript: readonly Message[],
  { boundary, request }: Compaction = nothingCompacted,
): void {
  const shown = transcript.filter((_, index) => index >= boundary || index === request);
  const asked = transcript.findLast(({ role }) => role === 'user');
  if (asked !== undefined) expect(shown).toContain(asked);
  const answered = new AnsweredCalls();
  for (const message of shown as readonly PromptMessage[]) answered.add(message);
  const prompt = answered.prompt();
  expect(prompt.filter(({ role }) => role !== 'tool')).toEqual(
    shown.filter(({ role }) => role !== 'tool'),
  );
  let answers = 0;
  for (const [index, message] of prompt.entries()) {
    if (message.role === 'tool') expect((answers -= 1)).toBeGreaterThanOrEqual(0);
    if (message.role !== 'assistant') continue;
    const calls = toolCallsOf(message as Extract<Message, { role: 'assistant' }>);
    const next = prompt.slice(index + 1, index + 1 + calls.length);
    expect(new Set(next.map((each) => each.role === 'tool' && each.tool_call_id))).toEqual(
      new Set(calls.map((call) => call.tool_call_id)),
    );
    answers = calls.length;
  }
}
