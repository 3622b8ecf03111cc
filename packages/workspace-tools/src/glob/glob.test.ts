import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandBraces } from './expand-braces.ts';
import { parseGlob } from './glob.ts';

const matches = (pattern: string, path: string) => parseGlob(pattern).matches(path);

describe('a glob', () => {
  test.each([
    ['*.ts', 'a.ts', true],
    ['*.ts', 'a/b.ts', false],
    ['*.ts', 'a.tsx', false],
    ['*', '.dot', true],
    ['?.ts', '🗻.ts', true],
    ['?', '/', false],
    ['**/*.ts', 'a.ts', true],
    ['**/*.ts', 'a/b/c.ts', true],
    ['a/**', 'a/b/c', true],
    ['a/**', 'a', false],
    ['a/**/z', 'a/z', true],
    ['a/**/z', 'ab/z', false],
    ['a**b', 'axb', true],
    ['a**b', 'a/b', false],
    ['./a', 'a', true],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[^a]', 'b', true],
    ['[!a]', '/', false],
    ['a[.-0]b', 'a/b', false],
    ['a[.-0]b', 'a.b', true],
    ['a[.-0]b', 'a0b', true],
    ['a[/]b', 'a/b', false],
    ['[]]', ']', true],
    ['[a-]', '-', true],
    [String.raw`[\]]`, ']', true],
    ['[[:x]', ':', true],
    ['{a,b/c}.ts', 'b/c.ts', true],
    ['{a,{b,c}d}', 'cd', true],
    ['{,x}a', 'a', true],
    ['[{,}]', ',', true],
    [String.raw`\{a,b\}`, '{a,b}', true],
    [String.raw`\*`, '*', true],
    [String.raw`\*`, 'a', false],
    [String.raw`\!a`, '!a', true],
    ['a.b|c', 'a.b|c', true],
    ['(a)+$^', '(a)+$^', true],
    ['a*c', 'a\nc', true],
    ['a}b,', 'a}b,', true],
  ])('%j and %j: %j', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  test.each([
    ['!a', /leading !/],
    ['/a', /must not begin/],
    ['a/../b', /\.\./],
    ['a//b', /empty/],
    ['a/', /empty/],
    ['[a', /not closed/],
    ['{a,b', /not closed/],
    ['[z-a]', /backwards/],
    ['a\\', /escape/],
    ['{a,b}'.repeat(7), /more than 64/],
  ])('refuses %j', (pattern, reason) => {
    expect(() => parseGlob(pattern)).toThrow(reason);
    expect(() => parseGlob(pattern)).toThrow(
      expect.objectContaining({ code: 'tools/invalid_input' }),
    );
  });

  test('knows how deep a match can lie', () => {
    expect(parseGlob('a/*').maxDepth).toBe(2);
    expect(parseGlob('{a,b/c/d}').maxDepth).toBe(3);
    expect(parseGlob('{a,b/**}').maxDepth).toBeUndefined();
  });
});

// A pattern as a list of names, each a list of tokens, so that the reference needs no parser.
type Token = string | { any: true } | { one: true } | { of: string[]; not: boolean };
type Segment = '**' | Token[];

const letters = fc.constantFrom('a', 'b', '.', '-', ']', '!', '*', '{', ',', '|', 'é', '🗻');
const token: fc.Arbitrary<Token> = fc.oneof(
  letters,
  fc.constant({ any: true as const }),
  fc.constant({ one: true as const }),
  fc.record({ of: fc.array(letters, { minLength: 1, maxLength: 3 }), not: fc.boolean() }),
);
const tokens = fc
  .array(token, { minLength: 1, maxLength: 4 })
  // Two stars alone are written like the segment that crosses directories.
  .filter((items) => items.length !== 2 || !items.every((item) => writeToken(item) === '*'));
const segments: fc.Arbitrary<Segment[]> = fc.array(fc.oneof(fc.constant('**' as const), tokens), {
  minLength: 1,
  maxLength: 4,
});
const paths = fc
  .array(fc.array(letters, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 })
  .map((names) => names.map((name) => name.join('')).join('/'));

function write(pattern: Segment[]): string {
  return pattern.map((name) => (name === '**' ? name : name.map(writeToken).join(''))).join('/');
}

function writeToken(item: Token): string {
  if (typeof item === 'string') return `\\${item}`;
  if ('any' in item) return '*';
  if ('one' in item) return '?';
  return `[${item.not ? '!' : ''}${item.of.map((member) => `\\${member}`).join('')}]`;
}

function nameMatches(pattern: Token[], name: string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return name.length === 0;
  if (typeof first === 'object' && 'any' in first) {
    return nameMatches(rest, name) || (name.length > 0 && nameMatches(pattern, name.slice(1)));
  }
  const [head, ...tail] = name;
  if (head === undefined) return false;
  const fits =
    typeof first === 'string'
      ? first === head
      : 'one' in first || first.of.includes(head) !== first.not;
  return fits && nameMatches(rest, tail);
}

function pathMatches(pattern: Segment[], names: string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return names.length === 0;
  if (first === '**') {
    if (rest.length === 0) return names.length > 0;
    return pathMatches(rest, names) || (names.length > 0 && pathMatches(pattern, names.slice(1)));
  }
  const [head, ...below] = names;
  return head !== undefined && nameMatches(first, Array.from(head)) && pathMatches(rest, below);
}

describe('properties of globs', () => {
  test('the translation agrees with a matcher that goes by the definition', () => {
    fc.assert(
      fc.property(segments, paths, (pattern, path) => {
        expect(matches(write(pattern), path)).toBe(pathMatches(pattern, path.split('/')));
      }),
      { numRuns: 1000 },
    );
  });

  test('a path, escaped, matches itself', () => {
    fc.assert(
      fc.property(paths, (path) => {
        const names = path.split('/').map((name) => Array.from(name) as Token[]);
        expect(matches(write(names), path)).toBe(true);
      }),
    );
  });

  test('braces stand for each of their alternatives', () => {
    const word = fc.stringMatching(/^[a-c]{0,3}$/);
    fc.assert(
      fc.property(
        word,
        fc.array(word, { minLength: 1, maxLength: 5 }),
        word,
        (head, middle, tail) => {
          const expected = middle.map((part) => head + part + tail);
          expect(expandBraces(`${head}{${middle.join(',')}}${tail}`)).toEqual(expected);
        },
      ),
    );
  });
});
