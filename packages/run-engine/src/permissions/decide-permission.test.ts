import type {
  Command,
  PermissionBehavior,
  PermissionMode,
  PermissionRule,
} from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { decidePermission } from './decide-permission.ts';
import { permissionMatrix } from './permission-matrix.ts';

type Partly = Partial<PermissionRule>;
const rule = (
  behavior: PermissionBehavior,
  pattern: string,
  more: Partly = {},
): PermissionRule => ({
  scope: 'session',
  tool_name_pattern: pattern,
  behavior,
  ...more,
});
const ask = (rules: PermissionRule[], tool: string, mode: PermissionMode = 'default') =>
  decidePermission({ mode, rules, call: { tool_name: tool } });
const run = (rules: PermissionRule[], binding: Command, mode: PermissionMode = 'default') =>
  decidePermission({ mode, rules, call: { tool_name: 'bash', binding } });
const program = (line: string, executable = `/usr/bin/${line.split(' ')[0]}`): Command => ({
  argv: line.split(' '),
  executable,
});
const winner = (rules: PermissionRule[]) => ask(rules, 'web_fetch').matched_rule;
const allows = (prefix: string[], command: Command): boolean =>
  run([rule('allow', 'bash', { argv_prefix: prefix })], command).decision === 'allow';

describe('modes', () => {
  const tools = [
    'read_file',
    'write_file',
    'bash',
    'mcp__a__b',
    'read_mcp_resource',
    'spawn_agent',
  ];
  const table: Record<PermissionMode, string> = {
    default: 'allow ask ask ask ask allow',
    acceptEdits: 'allow allow ask ask ask allow',
    bypassPermissions: 'allow allow allow allow allow allow',
    plan: 'allow deny deny deny ask deny',
    dontAsk: 'allow deny deny deny deny allow',
  };

  test('the built-in rules under each mode', () => {
    const rows = permissionMatrix([], tools).modes.map(({ mode, tools: row }) => {
      return [mode, row.map((explanation) => explanation.decision).join(' ')];
    });
    expect(Object.fromEntries(rows)).toEqual(table);
  });

  test.each(['edit_file', 'apply_patch', 'list_mcp_resources', 'exit_plan_mode'])(
    '%s is asked for, a name that goes on is not',
    (tool) => {
      expect(ask([], tool).decision).toBe('ask');
      expect(ask([], `${tool}_2`).decision).toBe('allow');
    },
  );

  test('an explicit ask gives way to acceptEdits for edits, and to bypassPermissions', () => {
    const rules = [rule('ask', '*')];
    expect(ask(rules, 'edit_file', 'acceptEdits').decision).toBe('allow');
    expect(ask(rules, 'web_fetch', 'acceptEdits').decision).toBe('ask');
    expect(ask(rules, 'web_fetch', 'bypassPermissions')).toMatchObject({
      decision: 'allow',
      base_decision: 'ask',
      mode_applied: true,
      reason:
        'The session rule "*" asks for approval. Mode bypassPermissions allows without asking.',
    });
  });
});

describe('precedence', () => {
  test('a deny of the widest kind beats an allow of the narrowest', () => {
    const rules = [rule('allow', 'web_fetch'), rule('deny', '*', { scope: 'user' })];
    expect(ask(rules, 'web_fetch', 'bypassPermissions')).toMatchObject({
      decision: 'deny',
      mode_applied: false,
      matched_rule: { origin: 'user', tool_name_pattern: '*' },
      scope: 'user',
    });
  });

  test('session before project before user before built in', () => {
    const rules = (['user', 'project', 'session'] as const).map((scope) =>
      rule('ask', '*', { scope }),
    );
    expect(winner(rules).origin).toBe('session');
    expect(winner(rules.slice(0, 2)).origin).toBe('project');
    expect(winner(rules.slice(0, 1)).origin).toBe('user');
    expect(winner([]).origin).toBe('builtin');
  });

  test('a rule of the user decides over a built-in rule with the exact name', () => {
    expect(ask([rule('allow', '*', { scope: 'user' })], 'bash').decision).toBe('allow');
  });

  test('exact before the longer beginning before the shorter before all; then the first', () => {
    const rules = ['*', 'web_*', 'web_f*', 'web_fetch*', 'web_fetch'].map((p) => rule('ask', p));
    for (let count = rules.length; count > 0; count -= 1) {
      expect(winner(rules.slice(0, count)).tool_name_pattern).toBe(
        rules[count - 1]?.tool_name_pattern,
      );
    }
    const twins = [
      rule('ask', 'web_*', { reason: 'one' }),
      rule('allow', 'web_*', { reason: 'two' }),
    ];
    expect(winner(twins).reason).toBe('one');
    expect(winner(twins.toReversed()).reason).toBe('two');
  });

  test('words of the command before the name of the tool, and more words before fewer', () => {
    const rules = [
      rule('ask', 'bash'),
      rule('allow', '*', { argv_prefix: ['git'] }),
      rule('ask', 'b*', { argv_prefix: ['git', 'push'] }),
    ];
    expect(run(rules, program('git status')).decision).toBe('allow');
    expect(run(rules, program('git push')).decision).toBe('ask');
    expect(run(rules, program('make')).decision).toBe('ask');
  });
});

describe('rules that allow commands', () => {
  test.each<[string, string[], Command, boolean]>([
    ['the words and more', ['git', 'log'], program('git log -1'), true],
    ['fewer words', ['git', 'log'], program('git'), false],
    ['a word that only begins alike', ['git', 'log'], program('git logs'), false],
    ['a name that only begins alike', ['git'], program('github'), false],
    ['another argument', ['git', 'log'], program('git push'), false],
    ['a path where the name is meant', ['git'], program('./git', '/work/git'), false],
    ['an absolute path where the name is meant', ['git'], program('/usr/bin/git'), false],
    ['the name where the path is meant', ['/usr/bin/git'], program('git'), true],
    ['a path to what the rule names', ['/work/run'], program('./run', '/work/run'), true],
    ['the path as written, a link', ['/usr/bin/vi'], program('/usr/bin/vi', '/opt/vim/vi9x'), true],
    ['the name, found elsewhere', ['/usr/bin/git'], program('git', '/work/bin/git'), false],
    ['a name that is not on the PATH', ['gti'], { argv: ['gti'] }, false],
    ['a path that is not there', ['/usr/bin/gti'], { argv: ['/usr/bin/gti'] }, false],
    ['a builtin that only speaks', ['echo'], { argv: ['echo', 'a'] }, true],
    ['printf to a variable', ['printf'], { argv: ['printf', '-v', 'a[$(id)]', 'b'] }, false],
    ['test of a variable', ['test'], { argv: ['test', '-v', 'a[$(id)]'] }, false],
    ['a builtin that runs its words', ['trap'], { argv: ['trap', 'rm x', 'EXIT'] }, false],
    ['a line with syntax', ['git'], {}, false],
    ['a wrapper by its name alone', ['env'], program('env rm x'), false],
    ['a wrapper by some words', ['sh', '-c'], program('sh -c id', '/usr/bin/dash'), false],
    ['a wrapper by all words', ['sh', '-c', 'id'], program('sh -c id', '/usr/bin/dash'), true],
    ['words behind a wrapper', ['rm'], program('env rm x'), false],
    ['a link to a shell', ['/work/ls'], program('/work/ls -c id', '/usr/bin/dash'), false],
    ['a multi-call program by an applet', ['ls'], program('ls -l', '/bin/busybox'), true],
    ['a wrapping applet', ['sh'], program('sh -c id', '/bin/busybox'), false],
    ['the multi-call program itself', ['busybox'], program('busybox sh', '/bin/busybox'), false],
    ['an interpreter with a version', ['python3.11'], program('python3.11 -c 1'), false],
    ['the loader', ['ld-linux-x86-64.so.2'], program('ld-linux-x86-64.so.2 /bin/sh'), false],
    ['find that looks', ['find'], program('find . -name x'), true],
    ['find that runs', ['find'], program('find . -exec rm {}'), false],
    ['git with a configuration', ['git'], program('git -c alias.x=!id x'), false],
    ['git with one, further on', ['git'], program('git --no-pager -c alias.x=!id x'), false],
    ['git without a pager', ['git'], program('git --no-pager log'), true],
    [
      'git that clones with one',
      ['git'],
      program('git clone -c core.sshCommand=id ssh://a'),
      false,
    ],
    ['git that clones by a command', ['git'], program('git clone -qu id . x'), false],
    ['git that only clones', ['git'], program('git clone -q . x'), true],
    ['sort by a command', ['sort'], program('sort --co=./x -S1k y'), false],
    ['split to a command', ['split'], program('split --f=id y'), false],
    ['git that runs', ['git', 'rebase'], program('git rebase --exec=id'), false],
    ['git in short', ['git', 'rebase'], program('git rebase -ixid'), false],
    ['git that prints', ['git', 'log'], program('git log --oneline'), true],
  ])('%s', (_title, prefix, command, expected) => {
    expect(allows(prefix, command)).toBe(expected);
  });
});

describe('rules that deny or ask for commands', () => {
  const deny = rule('deny', 'bash', { scope: 'user', argv_prefix: ['rm', '-r'] });
  const anything = rule('allow', 'bash');

  test.each([program('rm -r x'), program('/bin/rm -r x'), program('./rm -r x', '/work/rm')])(
    'deny the program wherever it lies: %j',
    (command) => {
      expect(run([anything, deny], command, 'bypassPermissions').decision).toBe('deny');
    },
  );

  test('a subcommand of git is denied whether there is a pager or not', () => {
    const rules = [anything, rule('deny', 'bash', { argv_prefix: ['git', 'push'] })];
    expect(run(rules, program('git --no-pager push'), 'bypassPermissions').decision).toBe('deny');
    expect(run(rules, program('git --no-pager log'), 'bypassPermissions').decision).toBe('allow');
  });

  test('a program that is a link to the denied one is denied', () => {
    expect(run([anything, deny], { argv: ['erase', '-r'], executable: '/bin/rm' }).decision).toBe(
      'deny',
    );
  });

  test('a wrapper is denied by its name', () => {
    const rules = [anything, rule('deny', 'bash', { argv_prefix: ['sudo'] })];
    expect(run(rules, program('sudo ls')).decision).toBe('deny');
    expect(run([rule('ask', 'bash', { argv_prefix: ['sudo'] })], program('sudo ls'))).toMatchObject(
      {
        matched_rule: { origin: 'session' },
        reason: 'The session rule "bash" for ["sudo"] asks for approval.',
        notes: [],
      },
    );
  });

  const hiding: [string, Command][] = [
    ['a line with syntax', {}],
    ['a wrapper', program('env rm -r x')],
    ['a builtin that evaluates', { argv: ['eval', 'rm -r x'] }],
  ];
  test.each(hiding)(
    '%s that may hide a denied command is asked for in every mode',
    (_, command) => {
      const decisions = (['default', 'acceptEdits', 'bypassPermissions'] as const).map(
        (mode) => run([anything, deny], command, mode).decision,
      );
      expect(decisions).toEqual(['ask', 'ask', 'ask']);
      expect(run([anything, deny], command, 'dontAsk').decision).toBe('deny');
      expect(run([anything, deny], command, 'bypassPermissions').notes).toEqual([
        'What the line runs cannot be told, and the user rule "bash" for ["rm","-r"] denies it: mode bypassPermissions does not stand above that.',
      ]);
    },
  );

  test.each(hiding)('%s that may hide a command to be asked for is asked for', (_, command) => {
    const asking = rule('ask', 'bash', { argv_prefix: ['rm'] });
    expect(run([anything, asking], command).decision).toBe('ask');
    expect(run([anything, asking], command, 'bypassPermissions').decision).toBe('allow');
    const weaker = { ...asking, scope: 'user' as const };
    expect(run([anything, weaker], command).decision).toBe('allow');
    expect(run([anything, weaker], program('rm x')).decision).toBe('allow');
  });

  test('a plain other command, and a tool that runs none, are not held back', () => {
    expect(run([anything, deny], program('ls')).decision).toBe('allow');
    const everywhere = rule('deny', '*', { argv_prefix: ['rm'] });
    expect(ask([everywhere], 'read_file').decision).toBe('allow');
  });
});

describe('explanations', () => {
  test('say which rule, whose, and why an allowed word did not count', () => {
    const rules = [rule('allow', 'bash', { scope: 'project', argv_prefix: ['env'], reason: 'r' })];
    expect(run(rules, program('env ls'))).toEqual({
      tool_name: 'bash',
      decision: 'ask',
      base_decision: 'ask',
      effective_mode: 'default',
      mode_applied: false,
      matched_rule: { origin: 'builtin', tool_name_pattern: 'bash', behavior: 'ask' },
      approval_required: true,
      reason: 'The built-in rule "bash" asks for approval.',
      notes: [
        'The project rule "bash" for ["env"] does not count: "env" may run other commands, or is not on the PATH.',
      ],
    });
    expect(run(rules, {}).notes).toEqual([
      'The project rule "bash" for ["env"] allows a single simple command only.',
    ]);
  });

  test('stay short however many rules there are', () => {
    const rules = Array.from({ length: 100 }, () => rule('deny', 'bash', { argv_prefix: ['rm'] }));
    expect(run(rules, {}).notes).toHaveLength(11);
    expect(run(rules, {}).notes.at(-1)).toBe('90 more rules are alike.');
  });
});
