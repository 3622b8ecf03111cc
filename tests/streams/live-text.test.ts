import { createClient } from '@kheish/client-sdk';
import { type FakeTurn, startFakeProvider } from '@kheish/testkit';
import { expect, test } from 'vitest';
import { sandbox } from '../harness/daemon-process.ts';
import { openStream } from '../harness/event-stream.ts';
import { startInProcess } from '../harness/in-process.ts';
import { until, within } from '../harness/until.ts';

const routesTo = (url: string) => `version = 1
[routes.fake]
driver = "openrouter"
base_url = "${url}"
api_key = "fake-key"
default_model = "fake/model"
`;

/** A daemon with the session `live`; the provider plays these turns. */
async function speaking(turns: readonly FakeTurn[]) {
  const cleanup = new AsyncDisposableStack();
  const box = cleanup.use(sandbox());
  const provider = cleanup.use(await startFakeProvider({ protocol: 'chat-completions' }));
  provider.respondWith(turns);
  const daemon = cleanup.use(
    await startInProcess({
      sandbox: box,
      routes: routesTo(provider.url),
      callPolicy: { initialBackoffMs: 1, maxBackoffMs: 1 },
    }),
  );
  const client = createClient({ baseUrl: daemon.url });
  await client.sessions.create({ session_id: 'live' });
  return { cleanup, provider, client, url: daemon.url };
}

test('who attaches in the middle of a step gets the text so far as one delta [holds streams.attach_midway]', async () => {
  const released = Promise.withResolvers<undefined>();
  const { cleanup, provider, client, url } = await speaking([
    {
      reasoning: { text: 'Let me think.' },
      text: ['One ', 'two ', 'three ', 'four.'],
      hold: { afterChunks: 2, until: released.promise },
    },
  ]);
  await using _ = cleanup;
  using early = await openStream(`${url}/v1/sessions/live/stream`);
  const { run_id } = await client.sessions.submit('live', 'count');
  await within('the call', provider.request(0));
  await until('two words', () => early.deltas.find(({ text }) => text?.endsWith('two ')));

  const paths = ['/v1/sessions/live/stream', `/v1/runs/${run_id}/stream`, '/v1/events/stream'];
  for (const path of paths) {
    using late = await openStream(url + path);
    const said = await until('the text so far', () =>
      late.deltas.some(({ text }) => text !== undefined) ? late.deltas : undefined,
    );
    const at = { type: 'model_delta', run_id, session_id: 'live', step: 1, attempt: 1, offset: 0 };
    expect(said).toEqual([
      { ...at, reasoning: 'Let me think.' },
      { ...at, text: 'One two ' },
    ]);
  }

  using late = await openStream(`${url}/v1/runs/${run_id}/stream`);
  await until('the text so far', () => late.deltas[1]);
  released.resolve(undefined);
  await late.ended();
  await early.event('run_completed');
  expect(late.deltas.map(({ offset, text }) => [offset, text])).toEqual([
    [0, undefined],
    [0, 'One two '],
    [8, 'three '],
    [14, 'four.'],
  ]);
  expect(early.deltas.map(({ text = '' }) => text).join('')).toBe('One two three four.');
});

test('a higher attempt replaces what a broken one said [holds streams.attempt_replaces]', async () => {
  const { cleanup, client, url } = await speaking([
    { text: ['Wrong ', 'words '], streamError: { code: '502', message: 'upstream broke off' } },
    { text: ['Right ', 'words.'] },
  ]);
  await using _ = cleanup;
  using stream = await openStream(`${url}/v1/sessions/live/stream`);
  const { run_id } = await client.sessions.submit('live', 'speak');
  const run = await client.runs.wait(run_id, { timeoutMs: 10_000 });
  await stream.event('run_completed');
  expect(run).toMatchObject({ status: 'completed', steps: 1 });
  expect(run.outputs[0]?.content).toBe('Right words.');
  const told = stream.deltas.map(({ step, attempt, offset, text }) => [
    step,
    attempt,
    offset,
    text,
  ]);
  expect(told).toEqual([
    [1, 1, 0, 'Wrong '],
    [1, 1, 6, 'words '],
    [1, 2, 0, 'Right '],
    [1, 2, 6, 'words.'],
  ]);
});
