import { KheishError } from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from './json-text.ts';

const refused = /__proto__|constructor|prototype/;

function outcomeOf(read: () => unknown): string {
  try {
    read();
    return 'read';
  } catch (error) {
    return error instanceof KheishError ? error.code : 'failed';
  }
}

describe('parseJson', () => {
  test('agrees with JSON.parse on every JSON text', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.integer({ min: 0, max: 3 }), (text, indent) => {
        fc.pre(!refused.test(text));
        const value: unknown = JSON.parse(text);
        fc.pre(JSON.stringify(value).isWellFormed());
        expect(parseJson(JSON.stringify(value, undefined, indent), 64)).toEqual(value);
        expect(parseJson(text, 64)).toEqual(value);
      }),
    );
  });

  test('refuses what JSON.parse refuses, and never fails in another way', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: fc.constantFrom(...'{}[]",:01.-+eE\\ntu \t'.split('')) }),
          fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 })).map(([json, at, noise]) => {
            const cut = at % (json.length + 1);
            return json.slice(0, cut) + noise + json.slice(cut + noise.length);
          }),
        ),
        (text) => {
          const own = outcomeOf(() => parseJson(text, 64));
          const native = outcomeOf(() => JSON.parse(text));
          expect(['read', 'api/bad_request']).toContain(own);
          expect(own === 'read' && native !== 'read').toBe(false);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('reads escapes and long plain strings', () => {
    expect(parseJson(String.raw`"a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, 1)).toBe(
      'a"\\/\b\f\n\r\té😀',
    );
    const long = 'é'.repeat(1_000_000);
    expect(parseJson(`{"a":"${long}"}`, 1)).toEqual({ a: long });
  });

  test.each([
    ['a duplicate key', '{"a":1,"b":{"c":1,"c":2}}', 'position 18'],
    ['a duplicate key in another spelling', String.raw`{"a":1,"\u0061":2}`, 'position 7'],
    ['__proto__', '{"__proto__":1}', 'position 1'],
    ['an escaped __proto__', String.raw`{"\u005f_proto__":1}`, 'position 1'],
    ['constructor', '{"a":{"constructor":1}}', 'position 6'],
    ['prototype', '{"prototype":1}', 'position 1'],
    ['a lone surrogate', String.raw`["\ud800"]`, 'position 1'],
    ['a lone low surrogate in a key', String.raw`{"\udc00":1}`, 'position 1'],
    ['a number beyond a double', '[1e999]', 'position 1'],
    ['a byte order mark', '\ufeff{}', 'position 0'],
    ['text after the value', '{} x', 'position 3'],
    ['an end in the middle', '{"a":', 'unexpected end at position 5'],
    ['no text', '', 'unexpected end at position 0'],
    ['a raw line break in a string', '"a\nb"', 'position 2'],
  ])('refuses %s and says where', (_, text, where) => {
    expect(() => parseJson(text, 64)).toThrow(where);
  });

  test('counts depth from the outermost value', () => {
    expect(parseJson('[[{}]]', 3)).toEqual([[{}]]);
    expect(() => parseJson('[[[{}]]]', 3)).toThrow('deeper than 3 levels');
    expect(() => parseJson('['.repeat(1_000_000), 64)).toThrow('deeper than 64 levels');
  });

  test('does not repeat content', () => {
    for (const text of ['{"k":sk-secret}', '{"sk-secret":1,"sk-secret":2}', '"sk-secret']) {
      expect(() => parseJson(text, 64)).toThrow(/^(?!.*secret)/);
    }
  });
});
