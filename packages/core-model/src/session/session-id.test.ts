import * as v from 'valibot';
import { expect, test } from 'vitest';
import { SessionId } from './session-id.ts';

test.each([
  'a',
  'demo',
  'x'.repeat(256),
  '🙂'.repeat(128),
  'with space',
  'ünïcödé/and:more?#%',
  '...',
  '.hidden',
  '\u00e9',
])('%j is a session id', (id) => {
  expect(v.parse(SessionId, id)).toBe(id);
});

test.each([
  ['nothing', ''],
  ['too long', 'x'.repeat(257)],
  ['too long in UTF-16', `${'🙂'.repeat(128)}x`],
  ['a line feed', 'a\nb'],
  ['NUL', 'a\0b'],
  ['DEL', 'a\u007fb'],
  ['a C1 control', 'a\u0085b'],
  ['a line separator', 'a\u2028b'],
  ['a paragraph separator', 'a\u2029b'],
  ['half a surrogate pair', 'a\ud83d'],
  ['a dot', '.'],
  ['two dots', '..'],
  ['space at its beginning', ' a'],
  ['space at its end', 'a\u00a0'],
])('%s is none', (_, id) => {
  expect(v.safeParse(SessionId, id).success).toBe(false);
});

test.each([undefined, null, 1, {}, ['a']])('%j is none', (id) => {
  expect(v.safeParse(SessionId, id).success).toBe(false);
});
