import { createClient } from '@kheish/client-sdk';
import { startFakeProvider } from '@kheish/testkit';
import { expect, test } from 'vitest';
import { type DaemonProcess, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { agentRoutes } from '../harness/fake-agent.ts';
import { expectSound } from '../harness/soundness.ts';
import { within } from '../harness/until.ts';

test('a run that kills each daemon that goes on with it is given up, and slow ones beside it come to their end [holds runs.innocent_survive]', async () => {
  using box = sandbox();
  let daemon: DaemonProcess | undefined;
  await using provider = await startFakeProvider({
    protocol: 'chat-completions',
    answer: (body) => {
      if (JSON.stringify(body).includes('deadly')) {
        daemon?.child.kill('SIGKILL');
        return { hang: 'before_headers' };
      }
      // Always slower than the death of the daemon.
      return { text: Array.from({ length: 10 }, () => 'well '), delayMs: 30 };
    },
  });
  const start = { sandbox: box, routesFile: agentRoutes(box, provider) };
  daemon = await startDaemon(start);
  const first = createClient({ baseUrl: daemon.url, graceMs: 0 });
  const innocent: string[] = [];
  for (const session of ['a', 'b', 'c']) {
    await first.sessions.create({ session_id: session });
    innocent.push((await first.sessions.submit(session, 'slow')).run_id);
  }
  await first.sessions.create({ session_id: 'd' });
  const deadly = first.sessions.submit('d', 'deadly', { idempotencyKey: 'd' });
  await deadly.catch(() => undefined);
  expect(await within('the first kill', daemon.ended())).toBe('SIGKILL');

  // The second start goes on with all at once; the third with one after the other, the deadly one last.
  for (const kill of ['the second kill', 'the third kill']) {
    daemon = await startDaemon(start);
    expect(await within(kill, daemon.ended())).toBe('SIGKILL');
  }
  await using last = await startDaemon(start);
  daemon = last;
  const client = createClient({ baseUrl: last.url });
  const { run_id } = await client.sessions.submit('d', 'deadly', { idempotencyKey: 'd' });
  expect(await client.runs.wait(run_id)).toMatchObject({
    status: 'failed',
    error: { domain: 'runs', code: 'recovery_exhausted' },
  });
  for (const id of innocent) {
    expect((await client.runs.wait(id, { timeoutMs: 10_000 })).status).toBe('completed');
  }
  await expectSound(client);
});
