import { type StreamFrame, createClient } from '@kheish/client-sdk';
import { expect, test } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { openStream } from '../harness/event-stream.ts';
import { agentRoutes, answerTo, startFakeAgent } from '../harness/fake-agent.ts';
import { fixedPort } from '../harness/fixed-port.ts';
import { all } from '../harness/soundness.ts';
import { until, within } from '../harness/until.ts';

test('cursors from before a kill mean the same after it [holds streams.cursors_survive]', async () => {
  using box = sandbox();
  await using agent = await startFakeAgent();
  const start = { sandbox: box, routesFile: agentRoutes(box, agent) };
  const before = await startDaemon(start);
  const first = createClient({ baseUrl: before.url });
  await first.sessions.create({ session_id: 'kept' });
  const { run_id } = await first.sessions.submit('kept', 'one');
  await first.runs.wait(run_id, { timeoutMs: 10_000 });
  const { newest_event_id: head } = (await first.status()).events;

  const subjects = ['/v1/events/stream', '/v1/sessions/kept/stream', `/v1/runs/${run_id}/stream`];
  const replay = async (url: string, cursor: string, lastEventId?: string) => {
    using stream = await openStream(`${url}?cursor=${cursor}`, lastEventId);
    await stream.reached(head);
    return stream.durable.filter(({ id }) => Number(id) <= Number(head));
  };
  const told = await Promise.all(subjects.map((path) => replay(before.url + path, '0')));
  expect(told[0]?.map(({ id }) => id)).toEqual(told[0]?.map((_frame, index) => String(index + 1)));
  expect(told[0]?.at(-1)?.id).toBe(head);
  await before.kill();

  await using daemon = await startDaemon(start);
  for (const [index, path] of subjects.entries()) {
    const url = daemon.url + path;
    const frames = told[index] ?? [];
    expect(await replay(url, '0')).toEqual(frames);
    for (const [seen, { id = '' }] of frames.entries()) {
      if (id === head) continue;
      const rest = frames.slice(seen + 1);
      expect(await replay(url, id)).toEqual(rest);
      expect(await replay(url, '0', id)).toEqual(rest);
    }
  }
});

test('a hundred followers of one run get the same frames', async () => {
  using box = sandbox();
  await using agent = await startFakeAgent({ chunkDelayMs: 2 });
  await using daemon = await startDaemon({ sandbox: box, routesFile: agentRoutes(box, agent) });
  const client = createClient({ baseUrl: daemon.url });
  await client.sessions.create({ session_id: 'watched' });
  const { run_id } = await client.sessions.submit('watched', 'watched');
  using followers = new DisposableStack();
  const url = `${daemon.url}/v1/runs/${run_id}/stream`;
  const streams = await Promise.all(
    Array.from({ length: 100 }, async () => followers.use(await openStream(url))),
  );
  await Promise.all(streams.map((stream) => stream.ended()));

  const events = await all(client.runs.events(run_id, { limit: 100 }));
  for (const stream of streams) {
    expect(stream.events).toEqual(events);
    expect(stream.durable).toEqual(streams[0]?.durable);
    expectDeltasInTheirStep(stream.frames.map(({ data }) => JSON.parse(data) as Told));
  }
});

interface Told {
  readonly type: string;
  readonly kind?: string;
  readonly step?: number;
  readonly offset?: number;
  readonly text?: string;
}

/** Live text stands between the intent of its step and the outcome, each piece where the one before it ended. */
function expectDeltasInTheirStep(told: readonly Told[]): void {
  let step: number | undefined;
  let said = '';
  for (const { type, kind, ...rest } of told) {
    if (type === 'action_intended' && kind === 'model_call') {
      step = rest.step;
      said = '';
    }
    if (type === 'action_settled') step = undefined;
    if (type !== 'model_delta') continue;
    expect([rest.step, rest.offset]).toEqual([step, said.length]);
    said += rest.text ?? '';
  }
}

test('the client follows and waits through a kill and a restart [holds streams.client_reconnects]', async () => {
  using box = sandbox();
  await using agent = await startFakeAgent({ chunkDelayMs: 3 });
  const routesFile = agentRoutes(box, agent);
  const args = ['--bind', `127.0.0.1:${await fixedPort()}`];
  const before = await startDaemon({ sandbox: box, routesFile, args });
  const client = createClient({ baseUrl: before.url });
  await client.sessions.create({ session_id: 'followed' });
  const { run_id } = await client.sessions.submit('followed', 'all of it?');
  const frames: StreamFrame[] = [];
  const followed = (async () => {
    for await (const frame of client.runs.stream(run_id)) frames.push(frame);
  })();
  const waited = client.runs.wait(run_id, { timeoutMs: 30_000 });
  await until('some of the answer', () =>
    frames.find(({ event }) => event.type === 'model_delta' && event.offset > 0),
  );
  await before.kill();

  await using daemon = await startDaemon({ sandbox: box, routesFile, args });
  expect(daemon.url).toBe(before.url);
  const run = await within('the end of the run', waited);
  expect(run.outputs[0]?.content).toBe(answerTo('all of it?'));
  await within('the end of the stream', followed);

  const events = await all(client.runs.events(run_id, { limit: 100 }));
  expect(frames.flatMap(({ id, event }) => (id === undefined ? [] : [event]))).toEqual(events);
  expect(events.filter(({ type }) => type === 'run_recovered')).toHaveLength(1);
  // Who is back in time hears all of the repeated step, from its beginning; who is not, none of it.
  const recovered = frames.findIndex(({ event }) => event.type === 'run_recovered');
  const heard = frames
    .slice(recovered)
    .map(({ event }) => (event.type === 'model_delta' ? event.text : ''))
    .join('');
  expect(['', answerTo('all of it?')]).toContain(heard);
});
