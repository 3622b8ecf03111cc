import { createClient } from '@kheish/client-sdk';
import { startFakeProvider } from '@kheish/testkit';
import { expect, test } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { agentRoutes, answerTo, startFakeAgent } from '../harness/fake-agent.ts';
import { fixedPort } from '../harness/fixed-port.ts';
import { all, expectSound } from '../harness/soundness.ts';
import { until, within } from '../harness/until.ts';

const DRAIN_AT_ONCE = ['--drain-timeout-ms', '1'];

test('a kill right after an acknowledged submit loses nothing [holds runs.accepted_is_kept]', async () => {
  using box = sandbox();
  await using agent = await startFakeAgent();
  const start = { sandbox: box, routesFile: agentRoutes(box, agent) };
  const before = await startDaemon(start);
  const first = createClient({ baseUrl: before.url });
  await first.sessions.create({ session_id: 'kept' });
  const accepted = await Promise.all(
    ['one', 'two', 'three'].map((text) => first.sessions.submit('kept', text)),
  );
  await before.kill();

  await using daemon = await startDaemon(start);
  const client = createClient({ baseUrl: daemon.url });
  for (const [index, { run_id }] of accepted.entries()) {
    const run = await client.runs.wait(run_id, { timeoutMs: 20_000 });
    expect(run.outputs[0]?.content).toBe(answerTo(['one', 'two', 'three'][index] ?? ''));
  }
  await expectSound(client);
});

test('three crashes without a new step end a run, and its session stays usable [holds runs.recovery_exhausted]', async () => {
  using box = sandbox();
  await using agent = await startFakeAgent();
  const start = { sandbox: box, routesFile: agentRoutes(box, agent) };
  agent.respondWith([{ hang: 'after_headers' }]);
  const first = await startDaemon(start);
  const before = createClient({ baseUrl: first.url });
  await before.sessions.create({ session_id: 'unlucky' });
  const { run_id } = await before.sessions.submit('unlucky', 'dangerous');
  const queued = await before.sessions.submit('unlucky', 'harmless');
  await within('the model call', agent.request(0));
  await first.kill();
  for (const call of [1, 2]) {
    agent.respondWith([{ hang: 'after_headers' }]);
    await using daemon = await startDaemon(start);
    await within('the model call', agent.request(call));
    expect((await createClient({ baseUrl: daemon.url }).runs.get(run_id)).status).toBe('running');
  }

  await using daemon = await startDaemon(start);
  const client = createClient({ baseUrl: daemon.url });
  const run = await client.runs.wait(run_id, { timeoutMs: 10_000 });
  expect(run).toMatchObject({
    status: 'failed',
    error: { domain: 'runs', code: 'recovery_exhausted' },
  });
  expect(await client.runs.wait(queued.run_id, { timeoutMs: 10_000 })).toMatchObject({
    status: 'completed',
  });
  await expectSound(client);
});

test('restarts in order do not count as crashes', async () => {
  using box = sandbox();
  await using agent = await startFakeAgent();
  const start = { sandbox: box, routesFile: agentRoutes(box, agent), args: DRAIN_AT_ONCE };
  let runId: string | undefined;
  for (let call = 0; call < 5; call += 1) {
    agent.respondWith([{ hang: 'after_headers' }]);
    await using daemon = await startDaemon(start);
    const client = createClient({ baseUrl: daemon.url });
    if (runId === undefined) {
      await client.sessions.create({ session_id: 'patient' });
      runId = (await client.sessions.submit('patient', 'patient')).run_id;
    }
    await within('the model call', agent.request(call));
    expect(await daemon.stop()).toBe(0);
  }
  await using daemon = await startDaemon(start);
  const client = createClient({ baseUrl: daemon.url });
  expect(await client.runs.wait(runId ?? '', { timeoutMs: 10_000 })).toMatchObject({
    status: 'completed',
  });
  const events = await all(client.runs.events(runId ?? ''));
  const taken = events.filter((event) => event.type === 'run_recovered');
  expect(taken.map((event) => event.after_crash)).toEqual([false, false, false, false, false]);
  await expectSound(client);
});

test('a drain says so, exits 0 and leaves the run to the next start [holds daemon.drains]', async () => {
  using box = sandbox();
  await using provider = await startFakeProvider({ protocol: 'chat-completions' });
  const never = new Promise<never>(() => undefined);
  provider.respondWith([{ text: ['a ', 'b'], hold: { afterChunks: 1, until: never } }]);
  const routesFile = agentRoutes(box, provider);
  const before = await startDaemon({
    sandbox: box,
    routesFile,
    args: ['--drain-timeout-ms', '1500'],
  });
  const first = createClient({ baseUrl: before.url });
  await first.sessions.create({ session_id: 'drained' });
  const { run_id } = await first.sessions.submit('drained', 'again?');
  const call = await within('the model call', provider.request(0));
  const queued = await first.sessions.submit('drained', 'and then?');

  expect((await fetch(`${before.url}/readyz`)).status).toBe(200);
  const exit = before.stop();
  const probe = await until('readyz 503', async () => {
    const response = await fetch(`${before.url}/readyz`);
    return response.status === 503 ? response : undefined;
  });
  expect(await probe.json()).toMatchObject({ code: 'daemon_draining', domain: 'readiness' });
  expect((await fetch(`${before.url}/healthz`)).status).toBe(200);
  expect((await first.runs.get(run_id)).status).toBe('running');
  expect(await within('the exit', exit)).toBe(0);
  expect(await call.ended).toBe('broken_off');

  await using daemon = await startDaemon({ sandbox: box, routesFile });
  const client = createClient({ baseUrl: daemon.url });
  const run = await client.runs.wait(run_id, { timeoutMs: 10_000 });
  expect(run.outputs[0]?.content).toBe('again?');
  const next = await client.runs.wait(queued.run_id, { timeoutMs: 10_000 });
  expect(next.outputs[0]?.content).toBe('and then?');
  await expectSound(client);
});

test('a drain waits for the step that is under way', async () => {
  using box = sandbox();
  await using provider = await startFakeProvider({ protocol: 'chat-completions' });
  const released = Promise.withResolvers<undefined>();
  provider.respondWith([{ text: ['a ', 'b'], hold: { afterChunks: 1, until: released.promise } }]);
  const routesFile = agentRoutes(box, provider);
  const before = await startDaemon({ sandbox: box, routesFile });
  const first = createClient({ baseUrl: before.url });
  await first.sessions.create({ session_id: 'waited' });
  const { run_id } = await first.sessions.submit('waited', 'one step');
  await within('the model call', provider.request(0));
  const exit = before.stop();
  await until('the drain', () => (before.log.includes('draining') ? true : undefined));
  released.resolve(undefined);
  expect(await within('the exit', exit)).toBe(0);

  await using daemon = await startDaemon({ sandbox: box, routesFile });
  const client = createClient({ baseUrl: daemon.url });
  expect(await client.runs.get(run_id)).toMatchObject({ status: 'completed' });
  expect(provider.requests).toHaveLength(1);
});

test('twenty restarts on one port, by turns in order and killed', async () => {
  using box = sandbox();
  const args = ['--bind', `127.0.0.1:${await fixedPort()}`];
  for (let start = 1; start <= 20; start += 1) {
    const daemon = await startDaemon({ sandbox: box, args });
    using connection = await keptOpen(daemon.url);
    expect(connection.incarnation).toBe(start);
    const inOrder = start % 2 === 1;
    const exit = inOrder ? daemon.stop() : daemon.kill();
    expect(await within('the exit', exit)).toBe(inOrder ? 0 : 'SIGKILL');
  }
});

/** A client that does not let go of its connection makes the server close it, which leaves the port in TIME_WAIT. */
async function keptOpen(url: string): Promise<{ incarnation: number } & Disposable> {
  const leaving = new AbortController();
  const stream = await fetch(`${url}/v1/events/stream?cursor=0`, { signal: leaving.signal });
  const { incarnation } = await createClient({ baseUrl: url }).status();
  return {
    incarnation,
    [Symbol.dispose]: () => {
      leaving.abort();
      stream.body?.cancel().catch(() => undefined);
    },
  };
}
