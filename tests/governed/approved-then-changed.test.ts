import { chmodSync, existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PermissionRule } from '@kheish/client-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Operator, type ToolCall, answerOf, bash, calls } from './operator.ts';

/** Goes before everything else on the daemon's PATH, and is empty at first. */
let early: string;
let operator: Operator;

beforeAll(async () => {
  operator = await Operator.start((box) => {
    early = join(box.directory, 'bin');
    mkdirSync(early);
    return { env: { PATH: `${early}:${process.env['PATH']}` } };
  });
});
afterAll(() => operator[Symbol.asyncDispose]());

const file = (name: string, text: string) => writeFileSync(operator.place(name), text);

function executable(path: string): void {
  writeFileSync(path, '#!/bin/sh\necho shadowed\n');
  chmodSync(path, 0o755);
}

const changes: readonly (readonly [string, ToolCall, () => void, () => void])[] = [
  [
    'the bytes of the script',
    bash('sh run.sh'),
    () => file('run.sh', 'echo good'),
    () => file('run.sh', 'echo evil'),
  ],
  [
    'a file that a word names',
    bash('cat words.txt'),
    () => file('words.txt', 'good'),
    () => file('words.txt', 'evil'),
  ],
  [
    'the directory, now a link to another',
    bash('ls', { cwd: 'here' }),
    () => ['here', 'there'].forEach((name) => mkdirSync(operator.place(name))),
    () => {
      renameSync(operator.place('here'), operator.place('was'));
      symlinkSync('there', operator.place('here'));
    },
  ],
  [
    'the program that the name stands for on the PATH',
    bash('nproc --all'),
    () => undefined,
    () => executable(join(early, 'nproc')),
  ],
];

test.each(changes)(
  'approved, then changed: %s. Nothing is carried out, and the model is told [holds approvals.exact_action]',
  async (_what, call, prepare, change) => {
    prepare();
    const session = await operator.session();
    const waiting = await operator.run(session, calls([call]));
    const [view] = await operator.approvals(session);
    expect(view?.request).not.toHaveProperty('unbound');
    change();
    const run = await operator.allow(waiting);
    expect(run.status).toBe('completed');
    expect(answerOf(run)).toMatch(/^bash failed: .*what it acts on has changed since/);
    const events = await operator.events(run.run_id);
    expect(events.filter(({ type }) => type === 'action_started')).toEqual([]);
  },
);

test('a deny rule that comes between the request and its approval holds [holds approvals.denied_meanwhile]', async () => {
  const deny: PermissionRule = {
    scope: 'session',
    tool_name_pattern: 'bash',
    argv_prefix: ['touch'],
    behavior: 'deny',
  };
  const session = await operator.session();
  const waiting = await operator.run(session, calls([bash('touch later')], [bash('touch later')]));
  const rules = JSON.stringify([deny]);
  const set = ['runtime', 'permissions', 'rules', 'set', '--stdin'];
  await operator.command(set, 0, rules);
  const again = await operator.allow(waiting);
  expect(again.status).toBe('waiting_for_approval');
  await operator.command([...set.slice(0, -1), '--reset']);
  const run = await operator.allow(again);
  expect(answerOf(run)).toMatch(/^bash failed: .*denies it.*\nbash returned: \[exit code 0\]/);
});

test('a deny rule that comes while a run needs no approval is not got round by a shell [holds approvals.denied_meanwhile]', async () => {
  const { runtime, questions } = operator.client;
  const asking: ToolCall = ['ask_user_question', { questions: [{ id: 'q', question: 'Well?' }] }];
  await runtime.setPermissionMode('bypassPermissions');
  const lines = ['touch plain', "sh -c 'touch wrapped'", 'uname -s; touch chained'];
  const waiting = await operator.run(
    await operator.session(),
    calls(
      [asking],
      lines.map((line) => bash(line)),
      [bash('uname -s')],
    ),
  );
  await runtime.permissionRules.set([
    { scope: 'user', tool_name_pattern: 'bash', argv_prefix: ['touch'], behavior: 'deny' },
  ]);
  const request_id = waiting.pending_question_ids?.[0] ?? '';
  await questions.resolve(waiting.run_id, { request_id, declined: true });
  const run = await operator.blocked(waiting.run_id);
  await runtime.permissionRules.set([]);
  await runtime.setPermissionMode('default');
  const told = answerOf(run).match(/^bash \w+: .*$/gm) ?? [];
  expect(told.map((line) => /^bash failed: .*was not carried out/.test(line))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  for (const name of ['plain', 'wrapped', 'chained']) {
    expect(existsSync(operator.place(name))).toBe(false);
  }
});

test('an approval that nobody gives in time is refused, and cannot be given later [holds approvals.expire]', async () => {
  const set = ['runtime', 'permissions', 'rules', 'set', '--stdin'];
  await operator.command(set, 0, '{"rules":[],"approval_expires_after_ms":1000}');
  const session = await operator.session();
  const waiting = await operator.run(session, calls([bash('touch expired')]));
  const [id = ''] = waiting.pending_approval_ids ?? [];
  const run = await operator.client.runs.wait(waiting.run_id, { timeoutMs: 20_000 });
  await operator.client.runtime.permissionRules.set([], { approvalExpiresAfterMs: null });
  expect(run.status).toBe('completed');
  expect(answerOf(run)).toContain('nobody approved it in time');
  await operator.command(['approvals', 'allow', session, id, '--run-id', run.run_id], 6);
});
