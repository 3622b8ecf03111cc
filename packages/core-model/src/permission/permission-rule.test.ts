import * as v from 'valibot';
import { expect, test } from 'vitest';
import { PermissionRule, PermissionRules } from './permission-rule.ts';

const rule = { scope: 'user', tool_name_pattern: 'bash', behavior: 'ask' } as const;
const fits = (more: object): boolean => v.is(PermissionRule, { ...rule, ...more });

const rules = (count: number) => Array.from({ length: count }, () => rule);

test.each(['bash', '*', 'mcp__*', 'a-b_C9*'])('the pattern %j is one', (tool_name_pattern) => {
  expect(fits({ tool_name_pattern })).toBe(true);
});

test.each(['', '**', 'a*b', '*a', 'a b', 'a.*', 'bash\n', 'é', 'a'.repeat(129)])(
  'the pattern %j is none',
  (tool_name_pattern) => {
    expect(fits({ tool_name_pattern })).toBe(false);
  },
);

test.each([[['git']], [['/usr/bin/git', 'a b', '-']], [Array<string>(64).fill('a')]])(
  'the words %j are a prefix',
  (argv_prefix) => {
    expect(fits({ argv_prefix })).toBe(true);
  },
);

test.each([
  [[]],
  [['']],
  [['git', '']],
  [['./git']],
  [['bin/git']],
  [['a', 'b\0c']],
  [['a'.repeat(4097)]],
  [Array<string>(65).fill('a')],
])('the words %j are none', (argv_prefix) => {
  expect(fits({ argv_prefix })).toBe(false);
});

test('what is not known is refused, and so are too many rules', () => {
  expect(fits({ scope: 'builtin' })).toBe(false);
  expect(fits({ behaviour: 'allow' })).toBe(false);
  expect(fits({ reason: 'a'.repeat(1025) })).toBe(false);
  expect(v.is(PermissionRules, rules(1000))).toBe(true);
  expect(v.is(PermissionRules, rules(1001))).toBe(false);
});
