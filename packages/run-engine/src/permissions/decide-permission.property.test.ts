import {
  type Command,
  PermissionBehavior,
  PermissionExplanation,
  PermissionMode,
  type PermissionRule,
  PermissionScope,
  isWrapper,
} from '@kheish/core-model';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { builtinRules } from './builtin-rules.ts';
import { decidePermission } from './decide-permission.ts';
import { narrow } from './permission-mode.ts';

const word = fc.constantFrom(
  'git',
  'rm',
  'env',
  'sh',
  'echo',
  'a',
  '-c',
  '--',
  '/bin/rm',
  '/bin/sh',
);
const program = word.filter((text) => !text.startsWith('-'));
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({}) },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        argv: fc.tuple(program, fc.array(word, { maxLength: 3 })).map(([p, args]) => [p, ...args]),
        executable: fc.constantFrom(
          '/usr/bin/git',
          '/bin/rm',
          '/bin/sh',
          '/usr/bin/env',
          '/work/a',
        ),
      },
      { requiredKeys: ['argv'] },
    ),
  },
);
const tool = fc.constantFrom('bash', 'write_file', 'read_file', 'mcp__a__b', 'exit_plan_mode', 'x');
const call = fc.record({ tool_name: tool, binding: command });
const pattern = fc.constantFrom(
  '*',
  'b*',
  'bash',
  'write_*',
  'write_file',
  'mcp__*',
  'mcp__a*',
  'x',
);
const behavior = fc.constantFrom(...PermissionBehavior.options);
const prefix = fc.tuple(program, fc.array(word, { maxLength: 2 })).map(([p, args]) => [p, ...args]);
const rule: fc.Arbitrary<PermissionRule> = fc.record(
  {
    scope: fc.constantFrom(...PermissionScope.options),
    tool_name_pattern: pattern,
    behavior,
    argv_prefix: prefix,
    reason: fc.nat({ max: 99 }).map(String),
  },
  { requiredKeys: ['scope', 'tool_name_pattern', 'behavior'] },
);
const rules = fc.array(rule, { maxLength: 6 });
const mode = fc.constantFrom(...PermissionMode.options);

const order = PermissionBehavior.options;
const isWithin = (a: PermissionBehavior, b: PermissionBehavior): boolean =>
  order.indexOf(a) >= order.indexOf(b);
const decide = decidePermission;
const runs = { numRuns: 2_000 };

test('one more deny never widens, wherever it is put [holds permissions.never_widen]', () => {
  fc.assert(
    fc.property(mode, rules, rule, fc.nat({ max: 6 }), call, (m, all, other, at, c) => {
      const more = all.toSpliced(at, 0, { ...other, behavior: 'deny' });
      const [before, after] = [all, more].map(
        (r) => decide({ mode: m, rules: r, call: c }).decision,
      );
      expect(isWithin(after!, before!)).toBe(true);
    }),
    runs,
  );
});

test('a mode that is narrower decides no wider', () => {
  const chains: PermissionMode[][] = [
    ['plan', 'default', 'acceptEdits', 'bypassPermissions'],
    ['dontAsk', 'default'],
  ];
  fc.assert(
    fc.property(rules, call, (all, c) => {
      for (const chain of chains) {
        const decisions = chain.map((m) => decide({ mode: m, rules: all, call: c }).decision);
        decisions.slice(1).forEach((wider, index) => {
          expect(isWithin(decisions[index]!, wider)).toBe(true);
        });
      }
    }),
    runs,
  );
});

test('a deny of the rules is a deny in every mode', () => {
  fc.assert(
    fc.property(mode, rules, call, (m, all, c) => {
      const { base_decision, decision } = decide({ mode: m, rules: all, call: c });
      expect(base_decision !== 'deny' || decision === 'deny').toBe(true);
      const plain = { tool_name_pattern: c.tool_name, behavior: 'deny', scope: 'user' } as const;
      expect(decide({ mode: m, rules: [...all, plain], call: c }).decision).toBe('deny');
    }),
    runs,
  );
});

test('only the order within a scope counts', () => {
  fc.assert(
    fc.property(mode, rules, call, (m, all, c) => {
      const sorted = PermissionScope.options.flatMap((s) => all.filter((r) => r.scope === s));
      const reversed = PermissionScope.options
        .toReversed()
        .flatMap((s) => all.filter((r) => r.scope === s));
      const [a, b, d] = [all, sorted, reversed].map((r) => {
        const { notes, ...rest } = decide({ mode: m, rules: r, call: c });
        return { ...rest, notes: notes.toSorted() };
      });
      expect(b).toEqual(a);
      expect(d).toEqual(a);
    }),
    runs,
  );
});

test('rules for words allow no line with syntax, and no wrapper but by all of its words [holds permissions.whole_words]', () => {
  const allowing = fc.array(
    fc.record({
      scope: fc.constantFrom(...PermissionScope.options),
      tool_name_pattern: fc.constantFrom('bash', '*'),
      behavior: fc.constant('allow' as const),
      argv_prefix: prefix,
    }),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(allowing, command, (all, binding) => {
      const { decision } = decide({
        mode: 'default',
        rules: all,
        call: { tool_name: 'bash', binding },
      });
      const opaque = binding.argv === undefined || isWrapper(binding);
      const spelled = all.some(
        (r) => JSON.stringify(r.argv_prefix.slice(1)) === JSON.stringify(binding.argv?.slice(1)),
      );
      if (opaque && !spelled) expect(decision).toBe('ask');
      if (binding.argv === undefined) expect(decision).toBe('ask');
    }),
    runs,
  );
});

test('more words in a rule that allows do not widen it, but for a wrapper that they spell out', () => {
  fc.assert(
    fc.property(prefix, word, command, (words, more, binding) => {
      fc.pre(!isWrapper(binding));
      const [short, long] = [words, [...words, more]].map((argv_prefix) => {
        const allowing = {
          scope: 'session',
          tool_name_pattern: 'bash',
          behavior: 'allow',
          argv_prefix,
        } as const;
        const asked = { tool_name: 'bash', binding };
        return decide({ mode: 'default', rules: [allowing], call: asked }).decision;
      });
      expect(isWithin(long!, short!)).toBe(true);
    }),
    runs,
  );
});

test('to hide a command behind a wrapper or syntax never gains anything', () => {
  const wrapped = fc.constantFrom<(c: Command) => Command>(
    () => ({}),
    ({ argv }) => ({ argv: ['env', ...(argv ?? [])], executable: '/usr/bin/env' }),
    ({ argv }) => ({ argv: ['eval', ...(argv ?? [])] }),
  );
  // A rule that names the wrapper itself is about the wrapper.
  const others = rules.map((all) => all.filter((r) => r.argv_prefix?.[0] !== 'env'));
  fc.assert(
    fc.property(mode, others, command, wrapped, (m, all, binding, wrap) => {
      const [plain, hidden] = [binding, wrap(binding)].map(
        (b) => decide({ mode: m, rules: all, call: { tool_name: 'bash', binding: b } }).decision,
      );
      // What would be denied outright is asked for at least.
      expect(isWithin(hidden!, plain === 'deny' ? 'ask' : plain!)).toBe(true);
    }),
    runs,
  );
});

test('the explanation is the truth about the rules that were given', () => {
  fc.assert(
    fc.property(mode, rules, call, (m, all, c) => {
      const explanation = decide({ mode: m, rules: all, call: c });
      expect(PermissionExplanation['~standard'].validate(explanation)).not.toHaveProperty('issues');
      const { origin, ...matched } = explanation.matched_rule;
      const known = [
        ...all.map(({ scope, ...rest }) => ({ origin: scope, ...rest })),
        ...builtinRules,
      ];
      expect(known).toContainEqual({ origin, ...matched });
      expect(explanation.approval_required).toBe(explanation.decision === 'ask');
      expect(explanation.mode_applied).toBe(explanation.decision !== explanation.base_decision);
      expect(isWithin(explanation.base_decision, matched.behavior)).toBe(true);
      expect(explanation.scope ?? 'builtin').toBe(origin);
    }),
    runs,
  );
});

test('narrow is a meet', () => {
  for (const a of order) {
    expect(narrow(a, a)).toBe(a);
    for (const b of order) {
      expect(narrow(a, b)).toBe(narrow(b, a));
      expect(isWithin(narrow(a, b), a) && isWithin(narrow(a, b), b)).toBe(true);
      expect([a, b]).toContain(narrow(a, b));
      for (const c of order) expect(narrow(a, narrow(b, c))).toBe(narrow(narrow(a, b), c));
    }
  }
});
