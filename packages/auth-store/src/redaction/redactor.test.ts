import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REDACTED, createRedactor } from './redactor.ts';
import { formsOf } from './secret-forms.ts';

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

describe('a text in pieces', () => {
  const key = 'sk-12345678';

  test('holds back no more than what may be the beginning of a secret', () => {
    const stream = redactorOf(key).stream();
    expect([
      ...['a s', 'k', 'y sk-1234', '5678', 'b sk-12'].map((piece) => stream.push(piece)),
      stream.end(),
    ]).toEqual(['a ', '', 'sky ', REDACTED, 'b ', 'sk-12']);
    expect(stream.push('sk-12')).toBe('');
    expect(stream.push('9')).toBe('sk-129');
  });

  test('a secret that comes to be known in its middle is found', () => {
    const redactor = redactorOf('sk-other-one');
    const stream = redactor.stream();
    expect(stream.push('a sk-')).toBe('a ');
    redactor.add(key);
    expect([stream.push('1234'), stream.push('5678')]).toEqual(['', REDACTED]);
  });

  test('without secrets nothing is held back', () => {
    expect(createRedactor().stream().push('sk-')).toBe('sk-');
  });

  // Few letters, so that secrets overlap themselves and each other.
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 60 });
  const words = fc.array(
    fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 8, maxLength: 12 }),
    { minLength: 1, maxLength: 4 },
  );

  test('property: it becomes what the whole becomes, however it is cut', () => {
    fc.assert(
      fc.property(words, letters, fc.array(fc.nat(60)), (secrets, text, cuts) => {
        const redactor = redactorOf(...secrets);
        const stream = redactor.stream();
        const edges = [0, ...cuts.toSorted((left, right) => left - right), text.length];
        const pieces = edges.map((edge, index) => text.slice(edges[index - 1] ?? 0, edge));
        const shown = pieces.map((piece) => stream.push(piece)).join('') + stream.end();
        expect(shown).toBe(redactor.redact(text));
      }),
      { numRuns: 500 },
    );
  });

  test('property: every place of every form is covered, and nothing else is', () => {
    fc.assert(
      fc.property(words, letters, (secrets, text) => {
        const covered = new Set<number>();
        for (const form of secrets.flatMap((each) => [...formsOf(each)])) {
          for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
            for (let index = at; index < at + form.length; index += 1) covered.add(index);
          }
        }
        const bare = text
          .split('')
          .filter((_letter, index) => !covered.has(index))
          .join('');
        expect(
          redactorOf(...secrets)
            .redact(text)
            .replaceAll(REDACTED, ''),
        ).toBe(bare);
      }),
      { numRuns: 500 },
    );
  });
});

describe('bytes', () => {
  test.each(['sk-12345678', 'schlüssel-ÄÖÜ-12'])('%s goes, and their number stays', (value) => {
    const bytes = Buffer.from(`before ${value} after ${value.slice(0, 9)}`);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const stream = redactorOf(value).byteStream();
      const shown = Buffer.concat([
        stream.push(bytes.subarray(0, cut)),
        stream.push(bytes.subarray(cut)),
        stream.end(),
      ]);
      expect(shown).toHaveLength(bytes.length);
      expect(shown.toString()).toMatch(/^before \[redacted\]\*+ after /);
    }
  });

  test('what is no text passes as it is', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    const stream = redactorOf('sk-12345678').byteStream();
    expect(Buffer.concat([stream.push(bytes), stream.end()])).toEqual(Buffer.from(bytes));
  });
});

test('a secret of several lines is found line by line too, but not its frame', () => {
  const key = `-----BEGIN KEY-----\n${'A1b2'.repeat(16)}\nshort\n-----END KEY-----\n`;
  const redactor = redactorOf(key);
  expect(redactor.redact(key)).toBe(REDACTED);
  expect(redactor.redact(`2: ${'A1b2'.repeat(16)}`)).toBe(`2: ${REDACTED}`);
  expect(redactor.redact('short -----BEGIN KEY-----')).toBe('short -----BEGIN KEY-----');
});

describe('a JSON value', () => {
  const redactor = redactorOf('sk-12345678');

  test('of ours keeps its ids, digests and fixed words, and loses what is told', () => {
    const event = {
      type: 'sk-12345678',
      session_id: 'sk-12345678',
      queued_run_ids: 'sk-12345678',
      response_digest: 'sk-12345678',
      actor_id: 'sk-12345678',
      message: { role: 'tool', tool_name: 'sk-12345678', content: ['a sk-12345678', 1, null] },
      metadata: { type: 'sk-12345678', 'sk-12345678': true },
    };
    expect(redactor.redactJson(event)).toEqual({
      ...event,
      actor_id: REDACTED,
      message: { role: 'tool', tool_name: REDACTED, content: [`a ${REDACTED}`, 1, null] },
      metadata: { type: REDACTED, [REDACTED]: true },
    });
  });

  test('of others loses it everywhere', () => {
    expect(redactor.redactForeign({ type: 'sk-12345678', a: { 'sk-12345678': [1] } })).toEqual({
      type: REDACTED,
      a: { [REDACTED]: [1] },
    });
  });

  test('without a secret is the same value', () => {
    const value = { a: [{ b: 'c' }], metadata: { d: 'e' } };
    expect(redactor.redactJson(value)).toBe(value);
    expect(redactor.redactForeign(value)).toBe(value);
  });
});
