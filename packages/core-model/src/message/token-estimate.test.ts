import { expect, test } from 'vitest';
import { digestOfText } from '../digest/digest.ts';
import { type AssistantMessage, eraseMessage } from './message.ts';
import { SHOWN_OUTPUT_BYTES, tokensOfMessage } from './token-estimate.ts';

const blob = (bytes: number) => ({ blob: digestOfText(''), bytes });
const output = (bytes: number) =>
  tokensOfMessage({
    role: 'tool',
    tool_call_id: 'c',
    tool_name: 'read',
    content: blob(bytes),
    is_error: false,
  });

test('of a long output counts what a prompt shows of it, of an input all of it', () => {
  expect(output(SHOWN_OUTPUT_BYTES)).toBeGreaterThan(output(SHOWN_OUTPUT_BYTES / 2));
  expect(output(10_000_000)).toBe(output(SHOWN_OUTPUT_BYTES));
  expect(tokensOfMessage({ role: 'user', content: blob(300_000) })).toBeGreaterThan(100_000);
});

const said = (...parts: AssistantMessage['parts']): AssistantMessage => ({
  role: 'assistant',
  parts,
  stop_reason: 'tool_calls',
  driver: 'fake',
  model: 'm',
});
const call = { type: 'tool_call', tool_call_id: 'c', tool_name: 't' } as const;
const around = tokensOfMessage(said());

test('arguments count as they are, be they JSON or not', () => {
  expect(tokensOfMessage(said({ ...call, input: { a: 'x'.repeat(292) } })) - around).toBe(100);
  expect(tokensOfMessage(said({ ...call, raw_input: '{'.repeat(300) })) - around).toBe(100);
});

test('an erased call counts, so that its session can be replayed', () => {
  const message = said({ ...call, input: { a: 'x'.repeat(300) } }, { ...call, raw_input: '{' });
  expect(tokensOfMessage(eraseMessage(message))).toBeLessThan(around + 10);
});
