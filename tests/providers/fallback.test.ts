import { createClient } from '@kheish/client-sdk';
import { type FakeTurn, startFakeProvider } from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { at, jsonOf } from '../harness/kheish-command.ts';
import { all, expectSound } from '../harness/soundness.ts';
import { within } from '../harness/until.ts';
import { routeTable, wireProtocol, wireProtocols } from '../harness/wire-protocols.ts';
import { conversation } from './conversation.ts';

const refusals: [what: string, turn: FakeTurn, code: string][] = [
  ['429', { status: 429, headers: { 'retry-after': '0' } }, 'rate_limited'],
  ['529', { status: 529 }, 'overloaded'],
  ['a connection that breaks', { text: ['half ', 'of it'], cutAfterBytes: 250 }, 'stream_cut'],
];

const look: FakeTurn = {
  toolCalls: [{ id: 'call_1', name: 'list_files', arguments: { path: '.' } }],
};

describe.each(wireProtocols)('a run over $driver', (wire) => {
  const spare = `${wire.model}-spare`;

  test.each(refusals)(
    'goes on with its fallback model after %s, in the middle of its steps',
    async (_what, refusal, code) => {
      await using talk = await conversation(wire);
      const { client, provider } = talk;
      const done = { text: 'Done.' };
      provider.respondWith([look, refusal, refusal, refusal, look, done]);
      const generation = { fallback_model: `${wire.driver}/${spare}` };
      const submitted = await client.sessions.submit('talk', { content: 'Look.', generation });
      const run = await client.runs.wait(submitted.run_id, { timeoutMs: 20_000 });
      expect(run).toMatchObject({
        status: 'completed',
        steps: 4,
        outputs: [{ content: 'Done.' }],
        request: { model: wire.model, fallback_model: spare },
        fallback: { model: spare, error: { domain: 'models', code } },
      });
      const { model } = wire;
      const { requests } = provider;
      expect(requests.map((request) => request.model)).toEqual([
        ...Array.from({ length: 4 }, () => model),
        ...Array.from({ length: 2 }, () => spare),
      ]);
      expect(requests[4]?.conversation).toEqual(requests[3]?.conversation);
      expect(JSON.stringify(requests[4]?.body)).toContain('Look.');
      await talk.expectUsable();
    },
  );
});

test('a run keeps to its fallback model through a kill [holds models.fallback]', async () => {
  const wire = wireProtocol('openai_compatible');
  using box = sandbox();
  await using provider = await startFakeProvider({ protocol: wire.protocol });
  const table = routeTable(wire, provider.url, 'api_key = "k"');
  const start = { sandbox: box, routesFile: box.file('routes.toml', `version = 1\n${table}`) };
  const busy = { status: 429, headers: { 'retry-after': '0' } };
  provider.respondWith([look, busy, busy, busy, { hang: 'after_headers' }]);

  const before = await startDaemon(start);
  const input = ['sessions', 'input', 'demo', 'Look.', '--fallback-model', 'spare'];
  await jsonOf(['sessions', 'create', 'demo'], { env: at(before) });
  const { run_id } = await jsonOf<{ run_id: string }>(input, { env: at(before) });
  await within('the call of the fallback model', provider.request(4));
  await before.kill();

  provider.respondWith([look, { text: 'Done.' }]);
  await using daemon = await startDaemon(start);
  const client = createClient({ baseUrl: daemon.url });
  expect(await client.runs.wait(run_id, { timeoutMs: 20_000 })).toMatchObject({
    status: 'completed',
    outputs: [{ content: 'Done.' }],
    fallback: { model: 'spare', error: { code: 'rate_limited' } },
  });
  const asked = provider.requests;
  expect(asked.map(({ model }) => model)).toEqual([
    ...Array.from({ length: 4 }, () => wire.model),
    ...Array.from({ length: 3 }, () => 'spare'),
  ]);
  expect(asked[5]?.conversation).toEqual(asked[3]?.conversation);
  const events = await all(client.runs.events(run_id));
  expect(events.filter(({ type }) => type === 'run_fell_back')).toHaveLength(1);
  await expectSound(client);
});
