import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@kheish/client-sdk';
import { expect, test } from 'vitest';
import {
  type DaemonProcess,
  launchDaemon,
  sandbox,
  startDaemon,
} from '../harness/daemon-process.ts';
import { runProgram } from '../harness/kheish-command.ts';
import { expectSound } from '../harness/soundness.ts';
import { until, within } from '../harness/until.ts';

async function work(url: string, session: string): Promise<void> {
  const client = createClient({ baseUrl: url });
  await client.sessions.create({ session_id: session });
  const { run_id } = await client.sessions.submit(session, 'scripted: say 3 words');
  expect((await client.runs.wait(run_id)).status).toBe('completed');
}

const files = (list: readonly string[]) => list.filter((name) => name.startsWith('/')).toSorted();

const closeOutputs = ({ child }: Pick<DaemonProcess, 'child'>) => {
  child.stdout?.destroy();
  child.stderr?.destroy();
};

test('a daemon whose outputs nobody reads any more serves on, and stops in order [holds daemon.survives_closed_output]', async () => {
  using box = sandbox();
  const args = ['--log-level', 'debug'];
  const daemon = await startDaemon({ sandbox: box, args });
  closeOutputs(daemon);
  for (const session of ['a', 'b', 'c']) await work(daemon.url, session);
  // What is refused is logged, what is drained too.
  await fetch(`${daemon.url}/nothing`);
  expect(daemon.alive).toBe(true);
  expect(await within('the exit', daemon.stop())).toBe(0);
  expect(existsSync(join(box.stateRoot, 'daemon.json'))).toBe(false);
  await using again = await startDaemon({ sandbox: box });
  await expectSound(createClient({ baseUrl: again.url }));
});

test('a daemon whose outputs are closed before its first word starts and serves', async () => {
  using box = sandbox();
  const { child, ready } = launchDaemon({ sandbox: box });
  ready.catch(() => undefined);
  closeOutputs({ child });
  const exit = once(child, 'exit');
  const holder = join(box.stateRoot, 'daemon.json');
  const address = await until('the address', () => {
    if (!existsSync(holder)) return undefined;
    return (JSON.parse(readFileSync(holder, 'utf8')) as { address?: string }).address;
  });
  await work(`http://${address}`, 's');
  child.kill('SIGTERM');
  expect(await within('the exit', exit)).toEqual([0, null]);
});

test.each([
  ['SIGTERM', 'SIGINT'],
  ['SIGINT', 'SIGTERM'],
] as const)('a second signal, %s then %s, exits 1 at once', async (first, second) => {
  using box = sandbox();
  const daemon = await startDaemon({ sandbox: box, args: ['--drain-timeout-ms', '600000'] });
  const client = createClient({ baseUrl: daemon.url });
  await client.sessions.create({ session_id: 's' });
  await client.sessions.submit('s', 'scripted: pause 60000 per word\nscripted: say 9 words');
  daemon.child.kill(first);
  await until('the drain', () => (daemon.log.includes('draining') ? true : undefined));
  daemon.child.kill(second);
  expect(await within('the exit', daemon.ended())).toBe(1);
});

test('two daemons of one process: one works on when the other is closed; then nothing is open, and the process ends by itself [holds daemon.leaves_nothing]', async () => {
  using box = sandbox();
  const roots = [join(box.directory, 'one'), join(box.directory, 'two')];
  const script = join(import.meta.dirname, '../harness/closing-daemon.ts');
  const told = JSON.stringify({ roots, workspaceRoot: box.workspaceRoot });
  const { code, stdout, stderr } = await runProgram(process.execPath, [script, told], {
    cwd: join(import.meta.dirname, '../..'),
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const found = JSON.parse(stdout) as {
    statuses: string[];
    before: string[];
    after: string[];
    left: string[];
  };
  expect(found.statuses).toEqual(['completed', 'completed', 'completed']);
  // Sockets and event descriptors of the platform's own may stay; databases, locks and assets may not.
  expect(files(found.after)).toEqual(files(found.before));
  expect(found.left).toEqual([]);
});
