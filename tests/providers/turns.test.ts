import { describe, expect, test } from 'vitest';
import { openStream } from '../harness/event-stream.ts';
import { all } from '../harness/soundness.ts';
import { until, within } from '../harness/until.ts';
import { wireProtocols } from '../harness/wire-protocols.ts';
import { KEY, conversation } from './conversation.ts';

const never = new Promise<never>(() => undefined);

describe.each(wireProtocols)('a run over $driver', (wire) => {
  test('answers in text, with usage, under the key of its route', async () => {
    await using talk = await conversation(wire);
    const run = await talk.ask('Höre!');
    expect(run).toMatchObject({
      status: 'completed',
      steps: 1,
      outputs: [{ content: 'Höre!' }],
      request: { driver: wire.driver, model: wire.model },
      usage: { input_tokens: 10, output_tokens: 5 },
    });
    const [header, value] = wire.credential(KEY);
    expect(talk.provider.requests).toMatchObject([
      {
        method: 'POST',
        path: wire.path(wire.model),
        headers: { [header]: value },
      },
    ]);
    expect(talk.provider.requests[0]?.model).toBe(wire.model);
  });

  test('calls tools, and sends back what they said and what the model thought', async () => {
    await using talk = await conversation(wire);
    talk.provider.respondWith([
      {
        reasoning: { text: 'I should look.', opaque: 'c2lnbmVk' },
        toolCalls: [
          { id: 'call_1', name: 'list_files', arguments: { path: '.' } },
          { id: 'call_2', name: 'glob_search', arguments: { pattern: '*.none' } },
        ],
      },
      { text: 'There is nothing.' },
    ]);
    const run = await talk.ask('What is here?');
    expect(run).toMatchObject({ status: 'completed', steps: 2 });
    expect(run.outputs.map(({ content }) => content)).toEqual(['There is nothing.']);
    const messages = await all(talk.client.sessions.messages('talk'));
    expect(messages.map(({ role }) => role).join(' ')).toBe('user assistant tool tool assistant');

    const sent = JSON.stringify(talk.provider.requests[1]?.body);
    for (const answer of messages.flatMap((message) => (message.role === 'tool' ? message : []))) {
      expect(sent).toContain(JSON.stringify(answer.content).slice(1, -1));
    }
    expect(sent).toContain('call_1');
    expect(sent).toContain('call_2');
    expect(sent.includes('c2lnbmVk')).toBe(wire.replaysReasoning);
    await talk.expectUsable();
  });

  test.each([
    ['cancelled', 'run_cancelled'],
    ['interrupted', 'run_interrupted'],
  ] as const)(
    'that is %s ends its call upstream, and the queue goes on [holds runs.stop_ends_call]',
    async (status, end) => {
      await using talk = await conversation(wire);
      const { client, provider } = talk;
      provider.respondWith([
        { text: ['Once ', 'upon'], hold: { afterChunks: 1, until: never } },
        { text: 'The end.' },
      ]);
      using stream = await openStream(`${talk.url}/v1/sessions/talk/stream`);
      const { run_id } = await client.sessions.submit('talk', 'A long story');
      const next = await client.sessions.submit('talk', 'And another');
      await until('the first word', () => stream.deltas[0]);

      const stopped =
        status === 'cancelled'
          ? await client.runs.cancel(run_id)
          : await client.sessions.interrupt('talk').then(() => client.runs.get(run_id));
      expect(stopped.cancel_requested_at_ms).toBeTypeOf('number');
      const call = await provider.request(0);
      expect(await within('the end of the call', call.ended)).toBe('broken_off');
      expect(await client.runs.wait(run_id, { timeoutMs: 10_000 })).toMatchObject({
        status,
        outputs: [],
      });
      expect(await client.runs.wait(next.run_id, { timeoutMs: 10_000 })).toMatchObject({
        status: 'completed',
        outputs: [{ content: 'The end.' }],
      });
      await stream.event(end, run_id);
      await talk.expectUsable();
    },
  );
});
