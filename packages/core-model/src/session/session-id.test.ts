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
  ['nothing', '', 'not empty'],
  ['too long', 'x'.repeat(257), 'at most 256'],
  ['too long in UTF-16', `${'🙂'.repeat(128)}x`, 'at most 256'],
  ['a line feed', 'a\nb', 'no control characters'],
  ['NUL', 'a\0b', 'no control characters'],
  ['DEL', 'a\u007fb', 'no control characters'],
  ['a C1 control', 'a\u0085b', 'no control characters'],
  ['a line separator', 'a\u2028b', 'no control characters'],
  ['a paragraph separator', 'a\u2029b', 'no control characters'],
  ['half a surrogate pair', 'a\ud83d', 'valid Unicode'],
  ['a dot', '.', 'not "."'],
  ['two dots', '..', 'or ".."'],
  ['space at its beginning', ' a', 'white space'],
  ['space at its end', 'a\u00a0', 'white space'],
])('%s is none, and the refusal says why', (_, id, reason) => {
  const { issues } = v.safeParse(SessionId, id);
  expect(issues?.map(({ message }) => message)).toEqual([expect.stringContaining(reason)]);
});

test.each([undefined, null, 1, {}, ['a']])('%j is none', (id) => {
  expect(v.safeParse(SessionId, id).success).toBe(false);
});
