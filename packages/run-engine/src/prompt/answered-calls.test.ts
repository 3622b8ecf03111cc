import type { PromptMessage } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { AnsweredCalls } from './answered-calls.ts';

const user: PromptMessage = { role: 'user', content: 'go on' };
const asking = (...ids: readonly string[]): PromptMessage => ({
  role: 'assistant',
  driver: 'scripted',
  model: 'scripted',
  parts: ids.map((id) => ({ type: 'tool_call', tool_call_id: id, tool_name: 'read', input: {} })),
});
const answer = (id: string): PromptMessage => ({
  role: 'tool',
  tool_call_id: id,
  tool_name: 'read',
  content: 'content',
  is_error: false,
});
const notDone = (id: string) => ({
  ...answer(id),
  content: 'The call was not carried out.',
  is_error: true,
});

test.each<[string, PromptMessage[], PromptMessage[]]>([
  ['nothing', [], []],
  ['no call', [user, asking()], [user, asking()]],
  [
    'answered calls',
    [asking('a', 'b'), answer('b'), answer('a')],
    [asking('a', 'b'), answer('b'), answer('a')],
  ],
  ['an unanswered call at the end', [user, asking('a')], [user, asking('a'), notDone('a')]],
  [
    'one of two answered, and a new input',
    [asking('a', 'b'), answer('a'), user],
    [asking('a', 'b'), answer('a'), notDone('b'), user],
  ],
  [
    'unanswered calls before another answer of the model',
    [asking('a', 'b'), asking('c'), answer('c')],
    [asking('a', 'b'), notDone('a'), notDone('b'), asking('c'), answer('c')],
  ],
  [
    'the same id in two steps',
    [asking('a'), answer('a'), asking('a')],
    [asking('a'), answer('a'), asking('a'), notDone('a')],
  ],
])('%s', (_, messages, complete) => {
  const transcript = new AnsweredCalls();
  for (const message of messages) {
    transcript.add(message);
    // Asking in between changes nothing.
    transcript.prompt();
  }
  expect(transcript.prompt()).toEqual(complete);
});
