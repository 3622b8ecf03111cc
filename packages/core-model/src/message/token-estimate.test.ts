import { expect, test } from 'vitest';
import { digestOfText } from '../digest/digest.ts';
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
