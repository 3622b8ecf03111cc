import { spawnSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSimpleCommand } from './simple-command.ts';

const seed = Number(process.env['KHEISH_TEST_SEED'] ?? Date.now() % 2 ** 31);

describe('a simple command', () => {
  test.each<[string, string[]]>([
    ['git status', ['git', 'status']],
    [
      '  npm\t run  test:unit -- --reporter=dot ',
      ['npm', 'run', 'test:unit', '--', '--reporter=dot'],
    ],
    [`grep -n 'a b' "c d"e\\ f`, ['grep', '-n', 'a b', 'c de f']],
    [`echo '' "" a''b`, ['echo', '', '', 'ab']],
    [
      `echo "it's" 'say "hi"' "a\\"b" "\\\\" "\\$x" "\\a"`,
      ['echo', "it's", 'say "hi"', 'a"b', '\\', '$x', '\\a'],
    ],
    [
      `git commit -m 'one\ntwo' -m "three\nfour!"`,
      ['git', 'commit', '-m', 'one\ntwo', '-m', 'three\nfour!'],
    ],
    [`echo '$(id)' '\`id\`' \\$x \\; '&&' '*'`, ['echo', '$(id)', '`id`', '$x', ';', '&&', '*']],
    ['cat ./ünïcödé_ж.txt 5€', ['cat', './ünïcödé_ж.txt', '5€']],
    ['echo if for a=b', ['echo', 'if', 'for', 'a=b']],
  ])('%j', (line, words) => {
    expect(parseSimpleCommand(line)).toEqual({ words });
  });
});

describe('not a simple command', () => {
  test.each(
    [
      'a;b  a&&b  a & b  a || b  a|b  a |& b  a &',
      'a > b  a 2>b  a <b  a <<<b  a &>b  a >&2  a <(b)  (a)  a ()  { a; }',
      'a $b  a "$b"  a "x${b}"  a "${b:-c}"  a $(b)  a "$(b)"  a `b`  a "`b`"  a $((1))  a $[1]',
      `a $'b'  a $"b"  a {b,c}  a b{1..2}  a *  a b?  a [b]  a +(b)  a ~  a ~b  a ~/b`,
      `a # b  a #b  a b#c  ! a  a !b  a ^b^c  a=b c  a+=b  'a=b' c  %1  "%a"`,
      'if a  time a  function a  coproc a  [[ a  case a in',
      `a 'b  a "b  a \\  a "b\\`,
    ].flatMap((lines) => lines.split('  ')),
  )('%j', (line) => {
    expect(parseSimpleCommand(line)).toEqual({ reason: expect.any(String) });
  });

  test.each([
    '',
    ' ',
    '\t',
    "''",
    "'' a",
    'a\nb',
    'a\n',
    '\na',
    'a \\\nb',
    'a "b\\\nc"',
    'a\rb',
    'a\0b',
    "a '\0'",
    'a \u0001b',
    "a '\u007f'",
    'a\u00a0b',
    'a\u2003b',
    'a\u2028b',
    'a\u0085b',
    'a \ud800',
    'a\u200bb',
    "'if' a",
    '\\time a',
  ])('%j', (line) => {
    expect(parseSimpleCommand(line)).toEqual({ reason: expect.any(String) });
  });

  test('the reason says what is in the way', () => {
    const reasons = ['a; b', 'a\nb', "a 'b", 'a "$b"', 'X=1 a', 'while a', ' '].map(
      (line) => parseSimpleCommand(line).reason,
    );
    expect(reasons).toEqual([
      '`;` may mean something to the shell',
      'the line is several lines',
      'a quote is not closed',
      'the shell expands what is in double quotes',
      'the line sets a variable',
      '`while` is a word of the shell',
      'the line has no command',
    ]);
  });
});

/** The words of each command of a script that ends them with NUL and U+0001. */
function bash(script: string): string[][] {
  // No command is found, no file is written: a line that is read wrongly does no harm.
  const result = spawnSync('/bin/bash', ['--norc', '-r', '-s'], {
    input: script,
    env: { PATH: '/nowhere', LANG: 'C.UTF-8' },
    cwd: '/',
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  expect(result.stderr).toBe('');
  return result.stdout
    .split('\u0001')
    .slice(0, -1)
    .map((words) => words.split('\0').slice(0, -1));
}

describe(`bash reads what we call simple as we do, seed ${seed}`, () => {
  const special = fc.constantFrom(
    ...Array.from('\\\'"$`!*?[]{}()<>|&;#~=^%@+:,./- \t\na1é\u00a0\u2028'),
  );
  const soup = fc.string({ unit: special, maxLength: 12 });
  const quoted = fc.oneof(
    soup.map((text) => `'${text.replaceAll("'", '')}'`),
    soup.map((text) => `"${text.replace(/["$`\\]/g, '\\$&')}"`),
    soup.map((text) => `"${text}"`),
    soup.map((text) => text.replace(/[^\n]/gu, '\\$&')),
  );
  const between = fc.constantFrom('', '', ' ', ' ', '\t', ';', '\n', '\\\n');
  const start = fc.constantFrom('', 'a', 'b', 'a=', 'if', 'time', 'coproc', '!', '{', 'a\\', "''");
  const line = fc
    .tuple(
      start,
      fc.array(fc.tuple(between, fc.oneof(soup, quoted, fc.constant('word'))), { maxLength: 5 }),
    )
    .map(([first, rest]) => first + rest.flat().join(''));

  /** Each line with its words, where we see them. */
  const simple = (count: number) =>
    fc
      .sample(line, { numRuns: count, seed })
      .map((text) => ({ text, words: parseSimpleCommand(text).words }))
      .filter((sample) => sample.words !== undefined);

  test('as arguments', () => {
    const samples = simple(20_000);
    expect(samples.length).toBeGreaterThan(1_000);
    const script = samples.map(({ text }) => `printf '%s\\0' ${text}\nprintf '\\1'\n`).join('');
    expect(bash(script)).toEqual(samples.map(({ words }) => words));
  });

  test('as a command', () => {
    // Names with a slash and builtins do not come to the handler.
    const builtin = /^(?:[.:[]|.*\/.*)$/su;
    const samples = simple(8_000).filter(({ words }) => !builtin.test(words?.[0] ?? ''));
    expect(samples.length).toBeGreaterThan(200);
    const handler = `command_not_found_handle() { printf '%s\\0' "$@"; printf '\\1'; }\n`;
    expect(bash(handler + samples.map(({ text }) => `${text}\n`).join(''))).toEqual(
      samples.map(({ words }) => words),
    );
  });
});
