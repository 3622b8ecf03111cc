import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import type { PermissionExplanation, PermissionMatrix, PermissionRule } from '@kheish/client-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Operator, type ToolCall, answerOf, bash, calls } from './operator.ts';

let operator: Operator;
beforeAll(async () => (operator = await Operator.start()));
afterAll(() => operator[Symbol.asyncDispose]());
afterEach(async () => {
  await operator.client.runtime.permissionRules.set([]);
  await operator.client.runtime.setPermissionMode('default');
});

const rule = (behavior: PermissionRule['behavior'], ...argv_prefix: string[]): PermissionRule => ({
  scope: 'user',
  tool_name_pattern: 'bash',
  behavior,
  ...(argv_prefix.length > 0 && { argv_prefix }),
});

/** What becomes of a call: it is made, it waits, or it is denied. */
async function fate(call: ToolCall): Promise<string> {
  const run = await operator.run(await operator.session(), calls([call]));
  if (run.status === 'waiting_for_approval') {
    await operator.client.runs.cancel(run.run_id);
    return 'ask';
  }
  return /^\w+ returned:/.test(answerOf(run))
    ? 'allow'
    : answerOf(run).includes('was not carried out')
      ? 'deny'
      : answerOf(run);
}

const touch = (name: string) => bash(`touch ${name}`);
const write = (name: string): ToolCall => ['write_file', { path: name, content: 'x' }];

test.each([
  ['default', 'default', 'ask', 'ask', 'allow'],
  ['plan', 'plan', 'deny', 'deny', 'allow'],
  ['dont-ask', 'dontAsk', 'deny', 'deny', 'allow'],
  ['accept-edits', 'acceptEdits', 'allow', 'ask', 'allow'],
  ['bypass-permissions', 'bypassPermissions', 'allow', 'allow', 'allow'],
] as const)(
  'in mode %s an edit, a command and a read are made, asked for, or denied [holds permissions.modes]',
  async (spelled, mode, edit, command, read) => {
    await operator.command(['runtime', 'set-permission-mode', spelled]);
    expect(await fate(write(`edit-${mode}`))).toBe(edit);
    expect(await fate(touch(`command-${mode}`))).toBe(command);
    expect(await fate(['list_files', { path: '.' }])).toBe(read);
    expect(existsSync(operator.place(`edit-${mode}`))).toBe(edit === 'allow');
    expect(existsSync(operator.place(`command-${mode}`))).toBe(command === 'allow');
  },
);

test('a rule that denies holds in mode bypassPermissions', async () => {
  await operator.client.runtime.setPermissionMode('bypassPermissions');
  await operator.client.runtime.permissionRules.set([
    { scope: 'session', tool_name_pattern: '*', behavior: 'allow' },
    { scope: 'user', tool_name_pattern: 'write_*', behavior: 'deny' },
  ]);
  expect(await fate(write('denied'))).toBe('deny');
  expect(existsSync(operator.place('denied'))).toBe(false);
});

describe('a rule for a command', () => {
  test('allows that command as it stands, and nothing that only looks like it [holds permissions.commands]', async () => {
    await operator.client.runtime.permissionRules.set([rule('allow', 'uname', '-s')]);
    mkdirSync(operator.place('bin'));
    symlinkSync('/bin/true', operator.place('bin/uname'));
    expect(await fate(bash('uname -s'))).toBe('allow');
    expect(await fate(bash("'una'me   -s -r"))).toBe('allow');
    for (const line of [
      'uname',
      'uname -sr',
      'uname -r -s',
      'uname -s; touch escaped',
      'uname -s && touch escaped',
      'uname -s $(touch escaped)',
      'uname -s\ntouch escaped',
      'uname -s > escaped',
      './bin/uname -s',
      "sh -c 'uname -s'",
      'env uname -s',
      'xargs uname -s',
      'busybox uname -s',
      'PATH=bin uname -s',
      'command uname -s',
      'eval uname -s',
    ]) {
      expect([line, await fate(bash(line))]).toEqual([line, 'ask']);
    }
    expect(existsSync(operator.place('escaped'))).toBe(false);
  });

  test('that denies is not got round by a path, a wrapper or a shell, whatever the mode', async () => {
    await operator.client.runtime.setPermissionMode('bypassPermissions');
    await operator.client.runtime.permissionRules.set([rule('deny', 'touch')]);
    for (const [line, expected] of [
      ['touch round', 'deny'],
      ['/usr/bin/touch round', 'deny'],
      ['../../../../../usr/bin/touch round', 'deny'],
      ["sh -c 'touch round'", 'ask'],
      ['env touch round', 'ask'],
      ['true; touch round', 'ask'],
      ['uname -s', 'allow'],
    ] as const) {
      expect([line, await fate(bash(line))]).toEqual([line, expected]);
    }
    expect(existsSync(operator.place('round'))).toBe(false);
  });
});

test('permissions check and matrix say what would be decided, and by which rule [holds permissions.explained]', async () => {
  await operator.client.runtime.permissionRules.set([
    rule('allow', 'git', 'status'),
    rule('deny', 'rm'),
  ]);
  const check = async (command: string, ...more: string[]) => {
    const args = ['runtime', 'permissions', 'check', 'bash', ...more];
    args.push('--input-json', JSON.stringify({ command }));
    return (await operator.command<PermissionExplanation>(args)).json;
  };
  expect(await check('rm -rf .', '--mode', 'bypass-permissions')).toMatchObject({
    decision: 'deny',
    effective_mode: 'bypassPermissions',
    matched_rule: { origin: 'user', argv_prefix: ['rm'] },
  });
  expect(await check('true')).toMatchObject({
    decision: 'ask',
    matched_rule: { origin: 'builtin', tool_name_pattern: 'bash' },
  });
  const { json } = await operator.command<PermissionMatrix>(['runtime', 'permissions', 'matrix']);
  const { tool_names: tools } = await operator.client.runtime.get();
  for (const { mode, tools: rows } of json.modes) {
    expect([mode, rows.map(({ tool_name }) => tool_name)]).toEqual([mode, tools]);
  }
});
