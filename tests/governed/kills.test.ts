import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, type RecordedEvent, type RunView, createClient } from '@kheish/client-sdk';
import type { CrashPoint } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { type DaemonStart, type Sandbox, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { all, expectSound } from '../harness/soundness.ts';
import { until, within } from '../harness/until.ts';
import { type ToolCall, answerOf, bash, calls } from './operator.ts';
import { Sleepers } from './sleepers.ts';

/** Each time the call is carried out there is a line more. */
const witnessed = (box: Sandbox): number => {
  try {
    return readFileSync(join(box.workspaceRoot, 'witness'), 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
};

/** Where the call stood on disk as the daemon died, and how often it was carried out in the end. */
type Fate = 'before' | 'begun' | 'done';

const fates: Record<Fate, { outcome: string; times: number; says: RegExp }> = {
  before: { outcome: 'succeeded', times: 1, says: /bash returned: \[exit code 0\]/ },
  begun: { outcome: 'unknown_outcome', times: 0, says: /outcome is unknown/ },
  done: { outcome: 'unknown_outcome', times: 1, says: /outcome is unknown/ },
};

/**
 * Commits: 2 creates the session, 3 starts the run, 4 asks for the approval, 5 is the operator's word, 6 begins the
 * command, 7 has what it brought, 8 the answer.
 */
const boundaries: readonly (readonly [CrashPoint, number, Fate, 'always'?])[] = [
  ['commit.begun', 4, 'before'],
  ['commit.applied', 4, 'before'],
  ['commit.durable', 4, 'before', 'always'],
  ['commit.published', 4, 'before'],
  ['commit.begun', 5, 'before'],
  ['commit.applied', 5, 'before', 'always'],
  ['commit.durable', 5, 'before', 'always'],
  ['commit.published', 5, 'before'],
  ['tool.begun', 1, 'before', 'always'],
  ['commit.begun', 6, 'before'],
  ['commit.applied', 6, 'before', 'always'],
  ['commit.durable', 6, 'begun', 'always'],
  ['commit.published', 6, 'begun'],
  ['tool.started', 1, 'begun', 'always'],
  ['tool.returned', 1, 'done', 'always'],
  ['commit.begun', 7, 'done'],
  ['commit.applied', 7, 'done'],
  ['commit.durable', 7, 'before', 'always'],
  ['commit.published', 7, 'before'],
  ['commit.durable', 8, 'before'],
];
const every = process.env['CRASH_KILLS'] !== undefined;
const cases = boundaries.flatMap(([point, nth, fate, always]) =>
  every || always !== undefined ? [[point, nth, fate] as const] : [],
);

const witness = bash('echo carried out >> witness');

describe('a command that needs an approval', () => {
  test.each(cases)(
    'is carried out once at most when the daemon is killed at %s, occurrence %i (%s) [holds approvals.survive_kill]',
    async (point, nth, fate) => {
      using box = sandbox();
      const before = await startDaemon({ sandbox: box, crashAt: { point, nth } });
      await approveAll(before.url).catch(() => undefined);
      expect(await within('the kill', before.ended())).toBe('SIGKILL');

      await using daemon = await startDaemon({ sandbox: box });
      const client = createClient({ baseUrl: daemon.url });
      const run = await approveAll(daemon.url);
      const { outcome, times, says } = fates[fate];
      expect(run.status).toBe('completed');
      expect(answerOf(run)).toMatch(says);
      expect(witnessed(box)).toBe(times);
      const events = await all(client.runs.events(run.run_id, { limit: 100 }));
      expect(events.filter(isToolSettled)).toMatchObject([{ outcome }]);
      expect(events.filter(({ type }) => type === 'approval_requested')).toHaveLength(1);
      expect(events.filter(({ type }) => type === 'approval_resolved')).toHaveLength(1);
      expect(events.filter(({ type }) => type === 'action_started')).toHaveLength(1);
      await expectGoesOn(client);
    },
  );
});

const isToolSettled = (event: RecordedEvent) =>
  event.type === 'action_settled' && event.kind === 'tool_call';

/** Submits the same as ever under the same key, and allows what is asked until the run is over. */
async function approveAll(url: string): Promise<RunView> {
  const client = createClient({ baseUrl: url, graceMs: 0 });
  await client.sessions.create({ session_id: 'kept' }, { idempotencyKey: 'create' });
  const { run_id } = await client.sessions.submit('kept', calls([witness]), {
    idempotencyKey: 'submit',
  });
  for (;;) {
    const run = await client.runs.wait(run_id, { timeoutMs: 20_000, untilBlocked: true });
    const [request_id] = run.pending_approval_ids ?? [];
    if (request_id === undefined) return run;
    await client.approvals.resolve(run_id, [{ request_id, behavior: 'allow' }]);
  }
}

async function expectGoesOn(client: Client): Promise<void> {
  const { run_id } = await client.sessions.submit('kept', 'scripted: say on');
  expect(await client.runs.wait(run_id, { timeoutMs: 20_000 })).toMatchObject({
    status: 'completed',
  });
  await expectSound(client);
}

/** A daemon in whose session `kept` a run has got as far as `content` takes it by itself. */
async function startWith(start: DaemonStart, content: string) {
  const daemon = await startDaemon(start);
  const client = createClient({ baseUrl: daemon.url, graceMs: 0 });
  await client.sessions.create({ session_id: 'kept' });
  const { run_id } = await client.sessions.submit('kept', content);
  return { daemon, client, run_id };
}

test('what is asked is listed after a kill as before, and answered then [holds approvals.survive_kill]', async () => {
  using box = sandbox();
  const asking: ToolCall = ['ask_user_question', { questions: [{ question: 'Well?' }] }];
  const { daemon, client, run_id } = await startWith({ sandbox: box }, calls([witness, asking]));
  await client.runs.wait(run_id, { untilBlocked: true });
  const before = await all(client.approvals.list());
  const questions = await all(client.questions.list());
  expect([before.length, questions.length]).toEqual([1, 1]);
  await daemon.kill();

  await using next = await startDaemon({ sandbox: box });
  const after = createClient({ baseUrl: next.url });
  expect(await all(after.approvals.list())).toEqual(before);
  expect(await all(after.questions.list())).toEqual(questions);
  expect((await after.runs.get(run_id)).status).toBe('waiting_for_approval');
  const request_id = before[0]?.request.id ?? '';
  await after.approvals.resolve(run_id, [{ request_id, behavior: 'allow' }]);
  expect(await after.runs.wait(run_id, { untilBlocked: true })).toMatchObject({
    status: 'waiting_for_user_question',
  });
  await after.questions.resolve(run_id, {
    request_id: questions[0]?.request.id ?? '',
    answers: [{ question_id: '1', freeform_answer: 'very well' }],
  });
  const run = await after.runs.wait(run_id, { timeoutMs: 20_000 });
  expect(answerOf(run)).toContain('very well');
  expect(witnessed(box)).toBe(1);
  await expectGoesOn(after);
});

test('what was approved, and changed while the daemon was dead, is refused', async () => {
  using box = sandbox();
  const script = join(box.workspaceRoot, 'script.sh');
  const content = calls([bash('sh script.sh')]);
  const crashAt = { point: 'tool.begun', nth: 1 } as const;
  const { daemon, client, run_id } = await startWith(
    { sandbox: box, crashAt },
    'scripted: say hello',
  );
  await client.runs.wait(run_id);
  writeFileSync(script, 'echo as approved >> witness');
  const asked = await client.sessions.submit('kept', content);
  const waiting = await client.runs.wait(asked.run_id, { untilBlocked: true });
  const [request_id = ''] = waiting.pending_approval_ids ?? [];
  await client.approvals
    .resolve(asked.run_id, [{ request_id, behavior: 'allow' }])
    .catch(() => undefined);
  expect(await within('the kill', daemon.ended())).toBe('SIGKILL');
  writeFileSync(script, 'echo changed >> witness');

  await using next = await startDaemon({ sandbox: box });
  const after = createClient({ baseUrl: next.url });
  const run = await after.runs.wait(asked.run_id, { timeoutMs: 20_000 });
  expect(answerOf(run)).toMatch(/^bash failed: .*has changed since/);
  expect(witnessed(box)).toBe(0);
});

test.each(['killed', 'stopped in order'] as const)(
  'a command amid which the daemon is %s is not repeated; its processes are dead before the run goes on [holds tools.processes_end_with_daemon]',
  async (how) => {
    using box = sandbox();
    const sleepers = new Sleepers();
    const { daemon, client } = await startWith(
      { sandbox: box, args: ['--drain-timeout-ms', '1'] },
      'scripted: say hello',
    );
    await client.runtime.setPermissionMode('bypassPermissions');
    const { run_id } = await client.sessions.submit(
      'kept',
      calls([
        bash(`echo carried out >> witness\n${sleepers.hardToKill}`),
        ['list_files', { path: '.' }],
      ]),
    );
    await sleepers.reach(5);
    await until('the other call', async () => {
      const events = await all(client.runs.events(run_id));
      return events.some(isToolSettled) || undefined;
    });
    if (how === 'killed') await daemon.kill();
    else await daemon.stop();

    await using next = await startDaemon({ sandbox: box });
    const after = createClient({ baseUrl: next.url });
    const run = await after.runs.wait(run_id, { timeoutMs: 20_000 });
    expect(sleepers.alive).toEqual([]);
    expect(answerOf(run)).toMatch(/bash failed: .*outcome is unknown/);
    expect(answerOf(run)).toContain('list_files returned: ');
    expect(witnessed(box)).toBe(1);
    const settled = (await all(after.runs.events(run_id))).filter(isToolSettled);
    expect(settled).toMatchObject([
      { target: 'tool:list_files', outcome: 'succeeded' },
      { target: 'tool:bash', outcome: 'unknown_outcome' },
    ]);
    expect(settled[1]).not.toHaveProperty('death_unproven');
    await expectGoesOn(after);
  },
);
