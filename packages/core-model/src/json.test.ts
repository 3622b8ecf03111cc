import { assert, jsonValue, property } from 'fast-check';
import { expect, test } from 'vitest';
import { type Json, isJsonObject, wellFormedJson } from './json.ts';

test('lone surrogates become U+FFFD, in keys and at any depth', () => {
  const input = { 'a\uD800': ['x\uDFFFy', { b: '\uD83D\uDE00' }], n: 1, none: null };
  expect(wellFormedJson(input)).toEqual({
    'a\uFFFD': ['x\uFFFDy', { b: '\uD83D\uDE00' }],
    n: 1,
    none: null,
  });
});

test('what is well formed stays as it is', () => {
  assert(
    property(jsonValue(), (value) => {
      expect(wellFormedJson(value as Json)).toEqual(value);
    }),
  );
});

test.each([[], [{}], null, undefined, 'text', 7, true])('%j is no JSON object', (value) => {
  expect(isJsonObject(value)).toBe(false);
});

test('a JSON object is one, empty or not', () => {
  expect(isJsonObject({})).toBe(true);
  expect(isJsonObject({ a: [1] })).toBe(true);
});
