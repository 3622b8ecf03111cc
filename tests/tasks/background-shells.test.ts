import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskOutputView, TaskRecord } from '@kheish/client-sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { at, expectRefusal, jsonOf, runKheish } from '../harness/kheish-command.ts';
import { until } from '../harness/until.ts';
import { TasksRoot, living } from './tasks-root.ts';

let root: TasksRoot;
let env: Record<string, string>;

beforeAll(async () => {
  root = await TasksRoot.open();
  env = at(root.daemon);
});

afterAll(() => root[Symbol.asyncDispose]());

const untilGone = (word: string) =>
  until(`the end of ${word}`, () => (living(word).length === 0 ? true : undefined));

/** Waits until the file is there, then goes on. */
const waitFor = (name: string) => `while [ ! -e ${name} ]; do sleep 0.02; done`;

function letGo(name: string): void {
  writeFileSync(join(root.box.workspaceRoot, name), '');
}

it('a command in the background outlives its call and its run, is read while it runs, and its end is told [holds tasks.background]', async () => {
  const task = await root.shell('lives', `echo one; ${waitFor('go')}; echo two; exit 3`);
  expect(task).toMatchObject({ kind: 'shell', status: 'in_progress' });
  expect((await root.client.sessions.get('lives')).status).toBe('idle');
  await root.printed(task, 'one');
  const running = await jsonOf<TaskOutputView>(['tasks', 'output', 'lives', task.id], { env });
  expect(running).toMatchObject({
    retrieval_status: 'not_ready',
    output_text: 'one\n',
    task: { status: 'in_progress' },
  });
  const late = ['tasks', 'output', 'lives', task.id, '--wait', '--timeout-ms', '1'];
  expect(await jsonOf(late, { env }, 15)).toMatchObject({ retrieval_status: 'timeout' });
  expect((await jsonOf<{ tasks: object }>(['status'], { env })).tasks).toMatchObject({
    live_background_shell_task_count: 1,
    in_progress: 1,
  });

  const waiting = jsonOf(['tasks', 'output', 'lives', task.id, '--wait'], { env }, 10);
  letGo('go');
  expect(await waiting).toMatchObject({
    retrieval_status: 'success',
    output_text: 'one\ntwo\n',
    task: {
      status: 'failed',
      output: 'one\ntwo\n',
      metadata: {
        exit_code: 3,
        terminal_reason: 'exited',
        process_tree_shutdown_confirmed: true,
      },
    },
  });
  const listed = await jsonOf<TaskRecord[]>(['tasks', 'list', 'lives', '--status', 'failed'], {
    env,
  });
  expect(listed.map(({ id }) => id)).toEqual([task.id]);
  expect(root.outputFiles).not.toContain(`${task.id}.out`);
});

it('output is paged byte by byte while it is printed, past what was given up for newer, and stays so after the end [holds tasks.output_pages]', async () => {
  const lines = Array.from({ length: 400_000 }, (_line, index) =>
    String(index + 1).padStart(6, '0'),
  );
  const all = `${lines.join('\n')}\n`;
  const task = await root.shell('pages', `seq -w 1 400000; ${waitFor('read')}`);
  const page = (options: object) => root.client.tasks.output('pages', task.id, options);
  await until('all of the output', async () =>
    (await page({ tailBytes: 1 })).next_offset === all.length ? true : undefined,
  );

  const pages = async () => {
    const first = await page({ offset: 0 });
    let text = '';
    for (let next = first; next.output_size_bytes > 0;) {
      expect(next.output_offset).toBe(first.output_offset + text.length);
      text += next.output_text;
      next = await page({ offset: next.next_offset });
    }
    return { from: first.output_offset, text };
  };
  const running = await pages();
  expect(running.from).toBeGreaterThan(0);
  expect(running.text.length).toBeGreaterThan(1_048_576);
  expect(running.text === all.slice(running.from)).toBe(true);
  expect(await page({ full: true })).toMatchObject({
    output_offset: running.from,
    output_total_bytes: all.length,
    output_rotated: true,
    output_rotation_count: 2,
    output_truncated: true,
  });
  expect((await page({ tailBytes: 14 })).output_text).toBe('399999\n400000\n');

  letGo('read');
  expect(await page({ waitMs: 20_000 })).toMatchObject({
    retrieval_status: 'success',
    task: { status: 'completed', metadata: { exit_code: 0 } },
  });
  expect(await pages()).toEqual(running);
});

it('stopping a task ends all that it started, and says so when it is dead [holds tasks.stop_ends_all]', async () => {
  const word = '1000.31415';
  const stubborn = `trap '' TERM; sleep ${word} & (setsid sleep ${word} &); echo ready; wait; sleep ${word}`;
  const task = await root.shell('stops', stubborn);
  await root.printed(task, 'ready');
  expect(living(word).length).toBeGreaterThan(0);
  const stop = ['tasks', 'stop', 'stops', task.id, '--reason', 'enough'];
  expect(await jsonOf(stop, { env })).toMatchObject({
    status: 'cancelled',
    output: 'ready\n',
    metadata: {
      terminal_reason: 'stopped',
      stop_reason: 'enough',
      process_tree_shutdown_confirmed: true,
    },
  });
  expect(living(word)).toEqual([]);
  const again = await runKheish(stop, { env });
  expectRefusal(again, 6, 'daemon returned 409 (tasks/task_state_conflict)');
});

it('an agent keeps tasks, waits for its commands and stops them; plans that it makes need no leave [holds tasks.kept_by_agents]', async () => {
  await root.client.runtime.setPermissionMode('plan');
  await root.client.sessions.create({ session_id: 'plans' });
  await root.calls('plans', ['task_create', { title: 'first' }]);
  const [first] = (await root.client.tasks.list('plans')).items;
  await root.calls('plans', [
    'task_create',
    { title: 'second', blocked_by: [first?.id], status: 'in_progress' },
  ]);
  const second = (await root.client.tasks.list('plans')).items[1] as TaskRecord;
  expect(second).toMatchObject({ title: 'second', status: 'blocked', blocked_by: [first?.id] });
  expect(await root.client.tasks.get('plans', first?.id ?? '')).toMatchObject({
    blocks: [second.id],
  });
  await root.calls('plans', [
    'task_update',
    { task_id: first?.id, status: 'completed', output: 'done well' },
  ]);
  expect((await root.client.tasks.list('plans')).items).toMatchObject([
    { status: 'completed', output: 'done well', blocks: [] },
    { status: 'pending' },
  ]);
  await root.calls('plans', ['task_delete', { task_id: second.id }]);
  const { code } = await runKheish(['tasks', 'get', 'plans', second.id], { env });
  expect(code).toBe(5);
  await root.client.runtime.setPermissionMode('bypassPermissions');
});

it('a session that ends takes its commands with it; one that is erased leaves nothing that they printed [holds tasks.erased]', async () => {
  const word = '1000.27182';
  const shell = `echo canary-${word}; sleep ${word}`;
  const ended = await root.shell('ends', shell);
  await root.printed(ended, 'canary');
  await root.client.sessions.end('ends', { reason: 'over' });
  expect(living(word)).toEqual([]);
  expect(await root.client.tasks.get('ends', ended.id)).toMatchObject({ status: 'cancelled' });

  const erased = await root.shell('erased', shell);
  await root.printed(erased, 'canary');
  await root.client.sessions.delete('erased');
  await root.client.sessions.delete('ends');
  await untilGone(word);
  expect(root.outputFiles).toEqual([]);
  expect((await runKheish(['tasks', 'list', 'erased'], { env })).code).toBe(5);
  expect((await root.client.store.verify()).findings).toEqual([]);
});

it('a run that is cancelled is so when its commands in the background are dead too [holds tasks.end_with_cancelled]', async () => {
  const { client } = root;
  await client.sessions.create({ session_id: 'cancelled' });
  const stubborn = `(trap '' TERM; setsid sh -c "trap '' TERM; while :; do sleep 0.1; done # outlaw")`;
  const content = [
    `scripted: call bash ${JSON.stringify({ command: stubborn, run_in_background: true })}`,
    `scripted: call bash ${JSON.stringify({ command: 'sleep 600 # foreground' })}`,
  ].join('\n');
  const { run_id: runId } = await client.sessions.submit('cancelled', { content });
  await until('both commands', () =>
    living('outlaw').length > 0 && living('foreground').length > 0 ? true : undefined,
  );
  await client.runs.cancel(runId);
  const ended = await client.runs.wait(runId, { timeoutMs: 30_000 });
  expect([ended.status, living('outlaw'), living('foreground')]).toEqual(['cancelled', [], []]);
  const { items } = await client.tasks.list('cancelled');
  expect(items).toMatchObject([{ status: 'cancelled', metadata: { terminal_reason: 'stopped' } }]);
});
