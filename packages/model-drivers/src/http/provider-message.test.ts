import { describe, expect, test } from 'vitest';
import { sanitizedMessage } from './provider-message.ts';

describe('sanitizedMessage', () => {
  test('redacts every occurrence of a secret, whatever it looks like', () => {
    expect(sanitizedMessage('a hunter2 b hunter2', ['hunter2', ''])).toBe(
      'a [redacted] b [redacted]',
    );
  });

  test.each([
    'sk-ant-api03-abcdef',
    'sk-abc***wxyz',
    'Bearer abc.def-ghi=',
    'gsk-aaaabbbb',
    'AIzaSyD-ab_cd',
  ])('redacts what looks like a key: %s', (key) =>
    expect(sanitizedMessage(`bad ${key}!`, [])).toBe('bad [redacted]!'),
  );

  test('is one line without control characters, and short', () => {
    expect(sanitizedMessage(' a\r\n\tb\u0000\u001b[31mc ', [])).toBe('a b [31mc');
    expect(sanitizedMessage('x'.repeat(1000), [])).toHaveLength(303);
  });
});
