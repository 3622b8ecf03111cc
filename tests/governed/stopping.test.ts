import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Operator, type ToolCall, answerOf, bash, calls } from './operator.ts';
import { Sleepers } from './sleepers.ts';

const asking: ToolCall = ['ask_user_question', { questions: [{ question: 'Well?' }] }];

let operator: Operator;

beforeAll(async () => {
  operator = await Operator.start();
  await operator.client.runtime.permissionRules.set([
    { scope: 'user', tool_name_pattern: 'bash', behavior: 'allow' },
  ]);
});
afterAll(() => operator[Symbol.asyncDispose]());

/** A run amid a command that forks, leaves its session, and ignores TERM. */
async function amidCommand() {
  const sleepers = new Sleepers();
  const session = await operator.session();
  const { run_id } = await operator.client.sessions.submit(
    session,
    calls([bash(sleepers.hardToKill)], [bash('touch after')]),
  );
  await sleepers.reach(5);
  return { session, run_id, sleepers };
}

test.each(['cancelled', 'interrupted'] as const)(
  '%s is said when all that a command started is dead, and the session goes on [holds runs.stop_ends_processes]',
  async (status) => {
    const { session, run_id, sleepers } = await amidCommand();
    const next = await operator.client.sessions.submit(session, 'scripted: say on');
    if (status === 'cancelled') await operator.command(['runs', 'cancel', run_id]);
    else await operator.command(['sessions', 'interrupt', session]);
    const run = await operator.client.runs.wait(run_id, { timeoutMs: 30_000 });
    expect(sleepers.alive).toEqual([]);
    expect(run.status).toBe(status);
    expect(existsSync(operator.place('after'))).toBe(false);
    expect((await operator.blocked(next.run_id)).status).toBe('completed');
    const events = await operator.events(run_id);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'action_settled', target: 'tool:bash', outcome: 'aborted' }),
    );
  },
);

test.each([
  ['its own time', { timeout_ms: 200 }, 600_000],
  ['the configured time', {}, 200],
])(
  'a command that is stopped since it took longer than %s is dead before the model is asked again',
  async (_what, more, limit) => {
    const sleepers = new Sleepers();
    await operator.client.runtime.toolLimits.set({ max_timeout_ms: limit });
    const session = await operator.session();
    const { run_id } = await operator.client.sessions.submit(
      session,
      calls([bash(sleepers.hardToKill, more)]),
    );
    const run = await operator.client.runs.wait(run_id, { timeoutMs: 30_000 });
    const { alive } = sleepers;
    await operator.client.runtime.toolLimits.set({ max_timeout_ms: 600_000 });
    expect(alive).toEqual([]);
    expect(run.status).toBe('completed');
    expect(answerOf(run)).toMatch(/took longer than 200 ms/);
  },
);

test.each([
  ['an approval', calls([['write_file', { path: 'never', content: '' }]]), 'waiting_for_approval'],
  ['an answer', calls([asking]), 'waiting_for_user_question'],
])(
  'a run that waits for %s is cancelled at once, and interrupted at once',
  async (_what, content, waits) => {
    const session = await operator.session();
    for (const status of ['cancelled', 'interrupted'] as const) {
      const { run_id, ...waiting } = await operator.run(session, content);
      expect(waiting.status).toBe(waits);
      if (status === 'cancelled') await operator.client.runs.cancel(run_id);
      else await operator.client.sessions.interrupt(session);
      const run = await operator.client.runs.get(run_id);
      expect(run).toMatchObject({ status });
      expect(run).not.toHaveProperty('pending_approval_ids');
      expect(await operator.approvals(session)).toEqual([]);
    }
    expect((await operator.run(session, 'scripted: say on')).status).toBe('completed');
    expect(existsSync(operator.place('never'))).toBe(false);
  },
);
