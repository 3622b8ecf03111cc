import type { PromptMessage } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { encodedItems, encodedList, encodedOnce, withEncoded } from './encoded-prompt.ts';

test('a message is encoded once, however often its transcript is sent', () => {
  let encodings = 0;
  const encode = encodedOnce((message) => {
    encodings += 1;
    return encodedItems([message, { of: 2 }]);
  });
  const transcript: PromptMessage[] = [];
  for (let step = 1; step <= 3; step += 1) {
    transcript.push({ role: 'user', content: `"${step}"\u2028` });
    const body = withEncoded(
      { model: 'm' },
      'messages',
      encodedList(transcript.map((message) => encode(message, 'm'))),
    );
    expect(JSON.parse(body)).toEqual({
      model: 'm',
      messages: transcript.flatMap((message) => [message, { of: 2 }]),
    });
    expect(encodings).toBe(step);
  }
});

test('and again for another model, to which it may say something else', () => {
  const encode = encodedOnce((_message, model) => model);
  const message: PromptMessage = { role: 'user', content: 'x' };
  expect(['a', 'b', 'a'].map((model) => encode(message, model))).toEqual(['a', 'b', 'a']);
});

test('what has no elements leaves no trace', () => {
  expect(encodedList(['', encodedItems([]), '1', ''])).toBe('[1]');
  expect(encodedList([])).toBe('[]');
});
