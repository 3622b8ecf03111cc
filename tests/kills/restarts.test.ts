import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@kheish/client-sdk';
import { expect, test } from 'vitest';
import {
  type DaemonProcess,
  launchDaemon,
  sandbox,
  scriptedRoutes,
  startDaemon,
} from '../harness/daemon-process.ts';
import { agentRoutes, answerTo, startFakeAgent } from '../harness/fake-agent.ts';
import { SeededChance, crashSeed } from '../harness/seeded-chance.ts';
import { expectSound } from '../harness/soundness.ts';
import { within } from '../harness/until.ts';

const seed = crashSeed();

test(`a kill during the very first start leaves a root that opens, CRASH_SEED=${seed}`, async () => {
  const chance = new SeededChance(seed);
  for (let root = 0; root < 6; root += 1) {
    using box = sandbox();
    const { child, ready } = launchDaemon({ sandbox: box });
    ready.catch(() => undefined);
    const exit = once(child, 'exit');
    await sleep(chance.between(100, 500));
    child.kill('SIGKILL');
    await within('the end of a killed start', exit);
    await using daemon = await startDaemon({ sandbox: box });
    await expectSound(createClient({ baseUrl: daemon.url }));
  }
});

test(`drains under load lose nothing and exit 0, CRASH_SEED=${seed}`, async () => {
  const chance = new SeededChance(seed);
  using box = sandbox();
  await using agent = await startFakeAgent({ chunkDelayMs: 2 });
  const routesFile = agentRoutes(box, agent);
  const accepted = new Map<string, string>();
  let count = 0;
  for (let start = 0; start < 8; start += 1) {
    const args = ['--drain-timeout-ms', String(chance.between(1, 100))];
    const daemon = await startDaemon({ sandbox: box, routesFile, args });
    const submitting = Array.from({ length: 4 }, async (_value, session) => {
      for (let turn = 0; turn < 10 && daemon.alive; turn += 1) {
        const text = `input ${(count += 1)}`;
        const runId = await submitOrMiss(daemon, `session-${session}`, text);
        if (runId !== undefined) accepted.set(text, runId);
      }
    });
    await sleep(chance.between(0, 200));
    expect(await within('the exit', daemon.stop())).toBe(0);
    await Promise.all(submitting);
    expect(daemon.log).not.toContain('"level":50');
  }

  await using daemon = await startDaemon({ sandbox: box, routesFile });
  const client = createClient({ baseUrl: daemon.url });
  for (const [text, runId] of accepted) {
    const run = await client.runs.wait(runId, { timeoutMs: 30_000 });
    expect(run.outputs.map(({ content }) => content)).toEqual([answerTo(text)]);
  }
  await expectSound(client);
});

/** Undefined where the daemon was gone, or said that it is going. */
async function submitOrMiss(daemon: DaemonProcess, sessionId: string, text: string) {
  const client = createClient({ baseUrl: daemon.url, graceMs: 0 });
  try {
    await client.sessions.create({ session_id: sessionId });
    return (await client.sessions.submit(sessionId, text)).run_id;
  } catch (error) {
    const { name, status } = error as { name: string; status?: number };
    if (name !== 'DaemonUnreachable' && status !== 503) throw error;
    return undefined;
  }
}

test('a cancel that was acknowledged before a kill is kept', async () => {
  using box = sandbox();
  await using agent = await startFakeAgent();
  const start = { sandbox: box, routesFile: agentRoutes(box, agent) };
  agent.respondWith([{ hang: 'after_headers' }]);
  const before = await startDaemon(start);
  const first = createClient({ baseUrl: before.url });
  await first.sessions.create({ session_id: 'stopped' });
  const { run_id } = await first.sessions.submit('stopped', 'never mind');
  const next = await first.sessions.submit('stopped', 'go on');
  await within('the model call', agent.request(0));
  await first.runs.cancel(run_id);
  await before.kill();

  await using daemon = await startDaemon(start);
  const client = createClient({ baseUrl: daemon.url });
  expect((await client.runs.wait(run_id, { timeoutMs: 10_000 })).status).toBe('cancelled');
  expect((await client.runs.wait(next.run_id, { timeoutMs: 10_000 })).status).toBe('completed');
  await expectSound(client);
});

test('a run whose route is gone after a kill fails, and its session goes on over another', async () => {
  using box = sandbox();
  await using agent = await startFakeAgent();
  agent.respondWith([{ hang: 'after_headers' }]);
  const before = await startDaemon({ sandbox: box, routesFile: agentRoutes(box, agent) });
  const first = createClient({ baseUrl: before.url });
  await first.sessions.create({ session_id: 'moved' });
  const { run_id } = await first.sessions.submit('moved', 'over the old route');
  const queued = await first.sessions.submit('moved', 'over the old route, too');
  await within('the model call', agent.request(0));
  await before.kill();

  const routesFile = box.file('routes.toml', scriptedRoutes);
  await using daemon = await startDaemon({ sandbox: box, routesFile });
  const client = createClient({ baseUrl: daemon.url });
  for (const id of [run_id, queued.run_id]) {
    expect(await client.runs.wait(id, { timeoutMs: 10_000 })).toMatchObject({
      status: 'failed',
      error: { domain: 'routes', code: 'unknown_route' },
    });
  }
  const { run_id: other } = await client.sessions.submit('moved', 'scripted: say over a new one');
  const run = await client.runs.wait(other, { timeoutMs: 10_000 });
  expect(run).toMatchObject({ status: 'completed' });
  await expectSound(client);
});
