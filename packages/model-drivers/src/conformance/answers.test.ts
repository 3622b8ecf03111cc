import type { PromptMessage } from '@kheish/core-model';
import type { NetworkDriver } from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import { modelDriverNames } from '../model-driver-table.ts';
import { driverAndFake, hear, networkDrivers, requestOf } from '../testing/drivers-under-test.ts';

test('the suite runs over every driver that calls a provider [holds models.every_driver]', () => {
  expect([...networkDrivers, 'scripted'].toSorted()).toEqual([...modelDriverNames].toSorted());
});

/** Where arguments are a part of the frame's JSON, broken ones end the answer at the provider. */
const argumentsInJson: readonly NetworkDriver[] = ['google'];

const tool = {
  name: 'read_file',
  description: 'Reads.',
  inputSchema: { type: 'object', properties: { path: { type: 'string' } } },
};

describe.each(networkDrivers)('%s', (name) => {
  test('streams a text and gives it whole', async () => {
    const { driver, fake } = await driverAndFake(name);
    fake.respondWith([{ text: ['Hé', 'llo ', '🌍'] }]);
    const heard = await hear(driver);
    expect(heard.text).toBe('Héllo 🌍');
    expect(heard.parts).toEqual([{ type: 'text', text: 'Héllo 🌍' }]);
    expect(heard.done.stop_reason).toBe('end');
  });

  test('sends model, system, transcript and tools where the protocol wants them', async () => {
    const { driver, fake } = await driverAndFake(name);
    await hear(driver, requestOf({ tools: [tool], generation: { max_output_tokens: 77 } }));
    const [request] = fake.requests;
    expect(request?.model).toBe('test-model');
    const text = JSON.stringify(request?.body);
    for (const piece of ['"Be brief."', '"Hello"', '"read_file"', '"Reads."', ':77']) {
      expect(text).toContain(piece);
    }
  });

  test('gives parallel tool calls in order, with their arguments', async () => {
    const { driver, fake } = await driverAndFake(name);
    fake.respondWith([
      {
        text: 'Looking.',
        toolCalls: [
          { id: 'call_a', name: 'read_file', arguments: { path: 'a' } },
          { id: 'call_b', name: 'list_files', arguments: {} },
        ],
      },
    ]);
    const { parts, done } = await hear(driver);
    expect(parts).toEqual([
      { type: 'text', text: 'Looking.' },
      { type: 'tool_call', tool_call_id: 'call_a', tool_name: 'read_file', input: { path: 'a' } },
      { type: 'tool_call', tool_call_id: 'call_b', tool_name: 'list_files', input: {} },
    ]);
    expect(done.stop_reason).toBe('tool_calls');
  });

  test.each(['{"path": "a', '[1]', 'null', '"text"'])(
    'keeps arguments that are no JSON object as they came: %s',
    async (args) => {
      const { driver, fake } = await driverAndFake(name);
      fake.respondWith([{ toolCalls: [{ id: 'call_a', name: 'read_file', arguments: args }] }]);
      const heard = hear(driver).then(({ parts }) => parts);
      if (argumentsInJson.includes(name) && args.startsWith('{')) {
        await expect(heard).rejects.toMatchObject({ code: 'models/malformed_response' });
        return;
      }
      expect(await heard).toEqual([
        { type: 'tool_call', tool_call_id: 'call_a', tool_name: 'read_file', raw_input: args },
      ]);
    },
  );

  test('takes a call without arguments as one with none', async () => {
    const { driver, fake } = await driverAndFake(name);
    fake.respondWith([{ toolCalls: [{ id: 'call_a', name: 'list_files', arguments: '' }] }]);
    expect((await hear(driver)).parts).toMatchObject([{ input: {} }]);
  });

  test('counts usage, cached input and reasoning', async () => {
    const { driver, fake } = await driverAndFake(name);
    const usage = {
      input_tokens: 100,
      output_tokens: 50,
      cached_input_tokens: 40,
      reasoning_tokens: 30,
    };
    fake.respondWith([{ text: 'x', usage }]);
    expect((await hear(driver)).done.usage).toEqual(usage);
  });

  test.each(['max_output_tokens', 'refusal'] as const)('tells the stop reason %s', async (stop) => {
    const { driver, fake } = await driverAndFake(name);
    fake.respondWith([{ text: 'x', stopReason: stop }]);
    expect((await hear(driver)).done.stop_reason).toBe(stop);
  });

  test('sends calls and results back, broken arguments as an empty object', async () => {
    const { driver, fake } = await driverAndFake(name);
    const call = { type: 'tool_call', tool_name: 'read_file' } as const;
    await hear(
      driver,
      requestOf({
        messages: [
          { role: 'user', content: 'Read' },
          {
            role: 'assistant',
            driver: name,
            model: 'test-model',
            parts: [
              { type: 'text', text: 'Reading.' },
              { ...call, tool_call_id: 'call_a', input: { path: 'x' } },
              { ...call, tool_call_id: 'call_b', raw_input: '{"pa' },
            ],
          },
          { role: 'tool', tool_call_id: 'call_a', tool_name: 'r', content: 'A!', is_error: false },
          { role: 'tool', tool_call_id: 'call_b', tool_name: 'r', content: 'B!', is_error: true },
        ],
      }),
    );
    expect(fake.requests[0]!.conversation).toMatchSnapshot();
  });

  test('hears a character whose bytes arrive apart', async () => {
    const { driver, fake } = await driverAndFake(name);
    const everywhere = Array.from({ length: 2000 }, (_, index) => index + 1);
    fake.respondWith([{ text: ['Hé', 'llo 🌍'], splitAt: everywhere }]);
    expect(await hear(driver)).toMatchObject({
      text: 'Héllo 🌍',
      parts: [{ type: 'text', text: 'Héllo 🌍' }],
      done: { stop_reason: 'end', usage: { input_tokens: 10, output_tokens: 5 } },
    });
  });

  test('sends a long transcript whole and in order, and hears a long answer', async () => {
    const { driver, fake } = await driverAndFake(name);
    const long = 'x'.repeat(1_000_000);
    const messages = Array.from({ length: 1000 }, (_, index): PromptMessage =>
      index % 2 === 0
        ? { role: 'user', content: `q${index}.` }
        : {
            role: 'assistant',
            driver: name,
            model: 'm',
            parts: [{ type: 'text', text: `a${index}.` }],
          },
    );
    fake.respondWith([{ text: long }]);
    const asked = [...messages, { role: 'user', content: long } as const];
    expect((await hear(driver, requestOf({ messages: asked }))).text).toBe(long);
    const sent = JSON.stringify(fake.requests[0]!.conversation);
    expect(sent.match(/[qa]\d+\./g)).toEqual(
      messages.map((_, index) => `${index % 2 === 0 ? 'q' : 'a'}${index}.`),
    );
    expect(sent).toContain(long);
  });

  test('hears reasoning, and tells it from the answer', async () => {
    const { driver, fake } = await driverAndFake(name);
    fake.respondWith([{ reasoning: { text: 'Hmm, well.' }, text: ['An ', 'answer.'] }]);
    const { text, reasoning, parts } = await hear(driver);
    expect([reasoning, text]).toEqual(['Hmm, well.', 'An answer.']);
    expect(parts).toMatchObject([
      { type: 'reasoning', text: 'Hmm, well.' },
      { type: 'text', text: 'An answer.' },
    ]);
  });

  test.each([
    ['driver', 'another', 'test-model'],
    ['model', name, 'another'],
  ])('does not send what another %s reasoned', async (_what, by, model) => {
    const { driver, fake } = await driverAndFake(name);
    const reasoning = { text: 'Hmm.', opaque: 'b3BhcXVl', redacted: 'cmVkYWN0' };
    fake.respondWith([{ reasoning, text: 'Well.' }]);
    const { parts } = await hear(driver);
    const answer: PromptMessage = { role: 'assistant', driver: by, model, parts };
    await hear(driver, requestOf({ messages: [{ role: 'user', content: 'x' }, answer] }));
    const sent = JSON.stringify(fake.requests[1]!.body);
    expect(sent).toContain('Well.');
    expect(sent).not.toMatch(/Hmm|b3BhcXVl|cmVkYWN0/);
  });

  test('uses a connection for more than one call', async () => {
    const { driver, fake } = await driverAndFake(name);
    for (let count = 0; count < 8; count += 1) await hear(driver);
    const connections = new Set(fake.requests.map(({ clientPort }) => clientPort));
    expect(connections.size).toBeLessThan(8);
  });
});
