import { existsSync, readFileSync } from 'node:fs';
import type { PendingApprovalView } from '@kheish/client-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Operator, type ToolCall, answerOf, bash, calls } from './operator.ts';

let operator: Operator;

beforeAll(async () => {
  operator = await Operator.start();
});
afterAll(() => operator[Symbol.asyncDispose]());

const write = (path: string, content: string): ToolCall => ['write_file', { path, content }];
const contentOf = (name: string) => readFileSync(operator.place(name), 'utf8');

async function only(session: string): Promise<PendingApprovalView> {
  const [view, ...others] = await listed(session);
  if (view === undefined || others.length > 0) throw new Error('not one approval is open');
  return view;
}

const listed = async (session: string) =>
  (await operator.command<PendingApprovalView[]>(['approvals', 'list', '--session-id', session]))
    .json;

describe('a call that needs an approval', () => {
  test('makes the run wait, exit code 13, until it is listed, shown and allowed [holds approvals.waits_for_operator]', async () => {
    const session = await operator.session();
    const waiting = await operator.input(session, calls([bash('echo hello > made.txt')]), 13);
    expect(waiting.status).toBe('waiting_for_approval');
    expect(existsSync(operator.place('made.txt'))).toBe(false);

    const { request, run_id } = await only(session);
    expect(run_id).toBe(waiting.run_id);
    expect(request).toMatchObject({ kind: 'tool', tool_name: 'bash' });
    const shown = await operator.command<object>(['approvals', 'show', request.id]);
    expect(shown.json).toMatchObject({
      run_id,
      request: {
        input: { command: 'echo hello > made.txt' },
        binding: { unbound: expect.stringContaining('`>`') as string },
      },
    });
    const waitAgain = await operator.command(['runs', 'wait', run_id, '--timeout-ms', '60000'], 13);
    expect(waitAgain.stderr).toContain(`approvals allow ${session} ${request.id}`);

    const { json } = await operator.command(['approvals', 'allow', session, request.id, '--wait']);
    expect(json.status).toBe('completed');
    expect(contentOf('made.txt')).toBe('hello\n');
    await operator.command(['approvals', 'allow', session, request.id, '--run-id', run_id], 6);
    expect(await listed(session)).toEqual([]);
  });

  test('is not made where it is denied; the model reads the reason and goes on', async () => {
    const session = await operator.session();
    await operator.input(session, calls([bash('touch denied.txt')]), 13);
    const { request } = await only(session);
    const deny = ['approvals', 'deny', session, request.id, '--reason', 'not today', '--wait'];
    const { json } = await operator.command(deny);
    expect(answerOf(json)).toContain('the operator denied it: not today');
    expect(existsSync(operator.place('denied.txt'))).toBe(false);
  });

  test('is made with the arguments that the operator put in the place of the model’s, and only once', async () => {
    const session = await operator.session();
    await operator.input(session, calls([write('edited.txt', 'of the model')]), 13);
    const { request, run_id } = await only(session);
    const updated = JSON.stringify({ path: 'edited.txt', content: 'of the operator' });
    const allow = ['approvals', 'allow', session, request.id, '--wait', '--updated-input-json'];
    await operator.command([...allow, '{"path":7}'], 2);
    expect(existsSync(operator.place('edited.txt'))).toBe(false);
    await operator.command([...allow, updated]);
    expect(contentOf('edited.txt')).toBe('of the operator');
    const events = await operator.events(run_id);
    const intended = events.find((event) => event.type === 'action_intended' && event.approval);
    expect(intended).toMatchObject({ approval: { request_id: request.id } });
    const digest = intended?.type === 'action_intended' ? intended.approval?.digest : '';
    expect(digest).not.toBe(request.kind === 'tool' ? request.digest : '');
  });

  test('is answered with all others of its run by allow-all and deny-all', async () => {
    const session = await operator.session();
    const both = calls([write('a.txt', 'a'), write('b.txt', 'b')]);
    await operator.input(session, both, 13);
    const deny = ['approvals', 'deny-all', '--session-id', session, '--wait'];
    expect((await operator.command(deny)).json).toMatchObject({ resolved_requests: 2 });
    expect(existsSync(operator.place('a.txt')) || existsSync(operator.place('b.txt'))).toBe(false);
    await operator.input(session, both, 13);
    const allow = ['approvals', 'allow-all', '--session-id', session, '--wait'];
    expect((await operator.command(allow)).json).toMatchObject({
      resolved_requests: 2,
      runs: [{ status: 'completed' }],
    });
    expect([contentOf('a.txt'), contentOf('b.txt')]).toEqual(['a', 'b']);
  });
});

describe('calls of one answer', () => {
  test('go on beside one that waits, and one that fails takes none with it [holds approvals.siblings_go_on]', async () => {
    const session = await operator.session();
    const waiting = await operator.input(
      session,
      calls([
        ['read_file', { path: 'missing.txt' }],
        write('waits.txt', 'written'),
        ['list_files', { path: '.' }],
      ]),
      13,
    );
    const events = await operator.events(waiting.run_id);
    const settled = events.filter(({ type }) => type === 'action_settled');
    expect(settled).toMatchObject([
      { kind: 'model_call' },
      { target: 'tool:read_file', outcome: 'failed' },
      { target: 'tool:list_files', outcome: 'succeeded' },
    ]);
    const { request } = await only(session);
    const { json } = await operator.command(['approvals', 'allow', session, request.id, '--wait']);
    const answer = answerOf(json);
    expect(answer).toMatch(/read_file failed: .*missing\.txt/);
    expect(answer).toContain('write_file returned');
    expect(answer).toContain('list_files returned');
  });

  test('void an approval whose file one of them changes, and it is asked anew [holds approvals.asked_anew]', async () => {
    const session = await operator.session();
    await operator.client.runtime.permissionRules.set([
      { scope: 'user', tool_name_pattern: 'write_file', behavior: 'allow' },
    ]);
    const waiting = await operator.run(
      session,
      calls(
        [write('script.sh', 'echo one')],
        [bash('sh script.sh'), write('script.sh', 'echo two')],
      ),
    );
    await operator.client.runtime.permissionRules.set([]);
    expect(waiting.status).toBe('waiting_for_approval');
    const events = await operator.events(waiting.run_id);
    const voided = events.find((event) => event.type === 'approval_voided');
    expect(voided).toMatchObject({ reason: 'changed' });
    const { request } = await only(session);
    const first = voided?.type === 'approval_voided' ? voided.request_id : '';
    expect(request.id).not.toBe(first);
    await operator.command(['approvals', 'allow', session, first, '--run-id', waiting.run_id], 6);
    const { json } = await operator.command(['approvals', 'allow', session, request.id, '--wait']);
    expect(answerOf(json)).toContain('bash returned: two');
  });
});
