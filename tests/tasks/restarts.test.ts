import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@kheish/client-sdk';
import { expect, it } from 'vitest';
import { startDaemon } from '../harness/daemon-process.ts';
import { expectSound } from '../harness/soundness.ts';
import { within } from '../harness/until.ts';
import { TasksRoot, living } from './tasks-root.ts';

it('a daemon that is killed leaves no command behind: the next start ends it, and keeps what it had printed [holds tasks.restart_settles]', async () => {
  await using root = await TasksRoot.open();
  const word = '1000.16180';
  const task = await root.shell(
    'killed',
    `trap '' TERM HUP; (setsid sleep ${word} &); echo partial; sleep ${word}`,
  );
  await root.printed(task, 'partial');
  await root.daemon.kill();
  await root.start();
  expect(living(word)).toEqual([]);
  expect(await root.client.tasks.get('killed', task.id)).toMatchObject({
    status: 'failed',
    output: 'partial\n',
    metadata: {
      terminal_reason: 'daemon_restarted',
      recovered_on_boot: true,
      process_tree_shutdown_confirmed: true,
    },
  });
  expect(root.outputFiles).toEqual([]);
  await expectSound(root.client);

  const other = await root.shell('killed', `echo begun; sleep ${word}`);
  await root.printed(other, 'begun');
  expect(await within('the exit', root.daemon.stop())).toBe(0);
  expect(living(word)).toEqual([]);
  await root.start();
  expect(await root.client.tasks.get('killed', other.id)).toMatchObject({
    status: 'failed',
    output: 'begun\n',
    metadata: { terminal_reason: 'daemon_stopped', process_tree_shutdown_confirmed: true },
  });
});

it.each([
  ['commit.applied', 4],
  ['commit.durable', 4],
  ['commit.durable', 5],
] as const)(
  'a kill at %s %d while a command begins: there is one task, and it began once at the most [holds tasks.restart_settles]',
  async (point, nth) => {
    await using root = await TasksRoot.open();
    await root.client.sessions.create({ session_id: 's' });
    await root.daemon.stop();
    const crashing = await startDaemon({ sandbox: root.box, crashAt: { point, nth } });
    const client = createClient({ baseUrl: crashing.url });
    const call = { command: 'echo begun >> began; sleep 1000', run_in_background: true };
    const run = await client.sessions.submit('s', {
      content: `scripted: call bash ${JSON.stringify(call)}`,
    });
    expect(await within('the crash', crashing.ended())).toBe('SIGKILL');

    await root.start();
    const ended = await root.client.runs.wait(run.run_id, { timeoutMs: 30_000 });
    expect(ended.status).toBe('completed');
    const { items } = await root.client.tasks.list('s');
    expect(items).toHaveLength(1);
    await root.client.sessions.end('s');
    const [task] = (await root.client.tasks.list('s')).items;
    const began = join(root.box.workspaceRoot, 'began');
    expect(readBegan(began)).toMatch(/^(begun\n)?$/);
    expect([task?.status, task?.metadata.terminal_reason]).toEqual(
      point === 'commit.applied' ? ['cancelled', 'stopped'] : ['failed', 'daemon_restarted'],
    );
    await expectSound(root.client);
    rmSync(began, { force: true });
  },
);

function readBegan(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
