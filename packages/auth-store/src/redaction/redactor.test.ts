import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REDACTED, createRedactor } from './redactor.ts';

function redactorOf(...secrets: string[]) {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

test('a text without secrets is returned as it is', () => {
  expect(redactorOf('sk-12345678').redact('nothing here')).toBe('nothing here');
  expect(createRedactor().redact('sk-12345678')).toBe('sk-12345678');
});

test('every occurrence is replaced, and what is around it stays', () => {
  expect(redactorOf('sk-12345678').redact('a sk-12345678b sk-12345678')).toBe(
    'a [redacted]b [redacted]',
  );
});

test('values of fewer than 8 characters are ignored', () => {
  expect(redactorOf('1234567').redact('1234567')).toBe('1234567');
  expect(redactorOf('12345678').redact('12345678')).toBe(REDACTED);
});

test('a secret that contains or overlaps another leaves no rest', () => {
  const redactor = redactorOf('sk-12345678', 'sk-12345678-long', '5678-long-tail');
  expect(redactor.redact('<sk-12345678-long>')).toBe('<[redacted]>');
  expect(redactor.redact('<sk-12345678-long-tail>')).toBe('<[redacted]>');
});

test('a secret that overlaps itself leaves no rest', () => {
  expect(redactorOf('abababab').redact('<ababababab>')).toBe('<[redacted]>');
});

test('neighbours are two', () => {
  expect(redactorOf('sk-12345678').redact('sk-12345678sk-12345678')).toBe('[redacted][redacted]');
});

const secret = 'k/ü+"y\n 0123456789?';

test.each([
  ['base64', Buffer.from(secret).toString('base64')],
  ['base64url', Buffer.from(secret).toString('base64url')],
  ['base64 without padding', Buffer.from(secret).toString('base64').replace(/=+$/, '')],
  ['URL-encoded', encodeURIComponent(secret)],
  [
    'URL-encoded in small letters',
    encodeURIComponent(secret)
      .replaceAll('%C3%BC', '%c3%bc')
      .replaceAll('%2F', '%2f')
      .replaceAll('%2B', '%2b')
      .replaceAll('%0A', '%0a')
      .replaceAll('%3F', '%3f'),
  ],
  ['a JSON string', JSON.stringify(secret).slice(1, -1)],
])('%s is a form of the secret', (_title, form) => {
  expect(redactorOf(secret).redact(`<${form}>`)).toBe('<[redacted]>');
});

describe.each(['~secret?>ÿ0', '~secret?>ÿ01', '~secret?>ÿ012'])('%s', (value) => {
  const bytes = Buffer.from(value);

  test.each(['base64', 'base64url'] as const)('in %s leaves not even its padding', (alphabet) => {
    expect(redactorOf(value).redact(`<${bytes.toString(alphabet)}>`)).toBe('<[redacted]>');
  });

  test.each(['base64', 'base64url'] as const)('in the middle of a text in %s', (alphabet) => {
    for (const before of ['', 'u', 'us', 'use']) {
      for (const after of ['t', 'ta', 'tai', 'tail']) {
        const encoded = Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
        const redacted = redactorOf(value).redact(encoded.toString(alphabet));
        expect(redacted).toContain(REDACTED);
        // What is left of it are at most the characters that it shares with its neighbours.
        expect(redacted.replace(REDACTED, '').length).toBeLessThanOrEqual(
          Math.ceil(((before.length + after.length) * 8) / 6) + 4,
        );
      }
    }
  });
});

test.each(['u:', 'us:', 'use:', 'user:'])('as password behind %j in basic credentials', (user) => {
  const password = 'pass-word-0123456789';
  const redacted = redactorOf(password).redact(
    `Basic ${Buffer.from(user + password).toString('base64')}`,
  );
  const rest = Buffer.from(redacted.replace('Basic ', '').split('[redacted]')[0] ?? '', 'base64');
  expect(redacted).toContain(REDACTED);
  expect(rest.toString('latin1').slice(0, user.length)).toBe(user.slice(0, rest.length));
  expect(rest.length).toBeLessThanOrEqual(user.length + 1);
});

test('property: no added secret is left in any text', () => {
  const word = fc.string({ minLength: 8, maxLength: 20 });
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 4 }),
      fc.array(fc.oneof(fc.string(), fc.nat(3)), { maxLength: 8 }),
      (secrets, parts) => {
        fc.pre(secrets.every((each) => !REDACTED.includes(each)));
        const text = parts
          .map((part) => (typeof part === 'string' ? part : (secrets[part % secrets.length] ?? '')))
          .join('');
        const redactor = redactorOf(...secrets);
        const redacted = redactor.redact(text);
        for (const stretch of redacted.split(REDACTED)) {
          expect(secrets.some((each) => stretch.includes(each))).toBe(false);
        }
      },
    ),
  );
});
