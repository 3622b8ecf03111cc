import { describe, expect, test } from 'vitest';
import { driverAndFake, hear, networkDrivers, requestOf } from './testing/drivers-under-test.ts';

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
    expect(request?.body).toMatchObject({ model: 'test-model', stream: true });
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
      const { parts } = await hear(driver);
      expect(parts).toEqual([
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
    const { body } = fake.requests[0]!;
    expect(body['messages'] ?? body['input']).toMatchSnapshot();
  });

  test('uses a connection for more than one call', async () => {
    const { driver, fake } = await driverAndFake(name);
    for (let count = 0; count < 8; count += 1) await hear(driver);
    const connections = new Set(fake.requests.map(({ clientPort }) => clientPort));
    expect(connections.size).toBeLessThan(8);
  });
});

/** Lets a model reason, and sends back what it said as an answer of `from`. */
const replay = async (
  name: (typeof networkDrivers)[number],
  reasoning: { text?: string; opaque?: string; redacted?: string },
  from: string = name,
) => {
  const { driver, fake } = await driverAndFake(name);
  fake.respondWith([
    { reasoning, toolCalls: [{ id: 'call_a', name: 'read_file', arguments: {} }] },
  ]);
  const heard = await hear(driver);
  const answer = { role: 'assistant', parts: heard.parts, driver: from } as const;
  await hear(driver, requestOf({ messages: [{ role: 'user', content: 'x' }, answer] }));
  const { body } = fake.requests[1]!;
  return { heard, sent: (body['messages'] ?? body['input']) as Record<string, unknown>[] };
};

/** The body of a request for much reasoning. */
const ask = async (name: (typeof networkDrivers)[number], model: string) => {
  const { driver, fake } = await driverAndFake(name);
  const generation = { reasoning: { effort: 'high' } } as const;
  await hear(driver, requestOf({ model, generation }));
  return fake.requests[0]!.body;
};

describe('reasoning', () => {
  test('anthropic replays thinking with its signature, and redacted thinking', async () => {
    const { heard, sent } = await replay('anthropic', {
      text: 'Hmm, well.',
      opaque: 'sig-1',
      redacted: 'cipher',
    });
    expect(heard.reasoning).toBe('Hmm, well.');
    expect(sent[1]!['content']).toMatchObject([
      { type: 'thinking', thinking: 'Hmm, well.', signature: 'sig-1' },
      { type: 'redacted_thinking', data: 'cipher' },
      { type: 'tool_use', id: 'call_a' },
    ]);
  });

  test('anthropic replays a signature that came without text', async () => {
    const { sent } = await replay('anthropic', { opaque: 'sig-1' });
    expect(sent[1]!['content']).toMatchObject([
      { type: 'thinking', thinking: '', signature: 'sig-1' },
      { type: 'tool_use' },
    ]);
  });

  test('openai replays the reasoning item with its ciphertext', async () => {
    const { heard, sent } = await replay('openai', { text: 'Hmm, well.', opaque: 'cipher' });
    expect(heard.reasoning).toBe('Hmm, well.');
    expect(sent.slice(1)).toMatchObject([
      {
        type: 'reasoning',
        encrypted_content: 'cipher',
        summary: [{ type: 'summary_text', text: 'Hmm, well.' }],
      },
      { type: 'function_call', call_id: 'call_a', arguments: '{}' },
    ]);
  });

  test('openai leaves out an item without ciphertext: nothing is stored that it could name', async () => {
    const { sent } = await replay('openai', { text: 'Hmm.' });
    expect(sent.slice(1)).toMatchObject([{ type: 'function_call' }]);
  });

  test('openrouter puts reasoning_details together and replays them', async () => {
    const { heard, sent } = await replay('openrouter', {
      text: 'Hmm, well.',
      opaque: 'sig-1',
      redacted: 'cipher',
    });
    expect(heard.reasoning).toBe('Hmm, well.');
    expect(sent.at(-1)).toMatchObject({
      role: 'assistant',
      reasoning_details: [
        { type: 'reasoning.text', text: 'Hmm, well.', signature: 'sig-1', index: 0 },
        { type: 'reasoning.encrypted', data: 'cipher', index: 1 },
      ],
    });
  });

  test('openai_compatible hears reasoning and does not send it back', async () => {
    const { heard, sent } = await replay('openai_compatible', { text: 'Hmm.' });
    expect(heard.reasoning).toBe('Hmm.');
    expect(JSON.stringify(sent)).not.toContain('Hmm.');
  });

  test.each(['anthropic', 'openai', 'openrouter'] as const)(
    '%s does not send what another driver reasoned',
    async (name) => {
      const { sent } = await replay(name, { text: 'Hmm.', opaque: 'foreign' }, 'another');
      expect(JSON.stringify(sent)).not.toMatch(/Hmm|foreign/);
    },
  );

  test('an effort is asked for in the words of protocol and model', async () => {
    expect(await ask('anthropic', 'claude-opus-5-5')).toMatchObject({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high' },
    });
    expect(await ask('anthropic', 'claude-sonnet-4-5-20250929')).toMatchObject({
      thinking: { type: 'enabled', budget_tokens: 16_384 },
    });
    expect(await ask('openai', 'gpt-5.4')).toMatchObject({ reasoning: { effort: 'high' } });
    expect(await ask('openrouter', 'x/y')).toMatchObject({ reasoning: { effort: 'high' } });
    expect(await ask('openai_compatible', 'y')).toMatchObject({ reasoning_effort: 'high' });
  });
});

describe('openai', () => {
  test('keeps nothing upstream, and asks for ciphertext of models that reason only', async () => {
    const { driver, fake } = await driverAndFake('openai');
    for (const model of ['gpt-5.4', 'gpt-4o', 'ft:gpt-4o:org']) {
      await hear(driver, requestOf({ model }));
    }
    expect(fake.requests.map(({ body }) => [body['store'], body['include']])).toEqual([
      [false, ['reasoning.encrypted_content']],
      [false, undefined],
      [false, undefined],
    ]);
  });

  test('names organization and project', async () => {
    const { driver, fake } = await driverAndFake('openai', {
      apiKey: 'k',
      organization: 'org-1',
      project: 'proj-1',
    });
    await hear(driver);
    expect(fake.requests[0]!.headers).toMatchObject({
      authorization: 'Bearer k',
      'openai-organization': 'org-1',
      'openai-project': 'proj-1',
    });
  });
});

describe('anthropic', () => {
  test('marks the end of what was sent for the cache, and cleans ids of other providers', async () => {
    const { driver, fake } = await driverAndFake('anthropic');
    const id = 'functions.read:0';
    await hear(
      driver,
      requestOf({
        messages: [
          { role: 'user', content: 'x' },
          {
            role: 'assistant',
            driver: 'openai_compatible',
            parts: [{ type: 'tool_call', tool_call_id: id, tool_name: 'r', input: {} }],
          },
          { role: 'tool', tool_call_id: id, tool_name: 'r', content: 'A', is_error: false },
        ],
      }),
    );
    expect(fake.requests[0]!.body['messages']).toMatchObject([
      { role: 'user' },
      { role: 'assistant', content: [{ id: 'functions_read_0' }] },
      {
        role: 'user',
        content: [{ tool_use_id: 'functions_read_0', cache_control: { type: 'ephemeral' } }],
      },
    ]);
  });
});

const frame = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

describe('openai_compatible', () => {
  test('needs no key and then sends none', async () => {
    const { driver, fake } = await driverAndFake('openai_compatible', {});
    await hear(driver);
    expect(fake.requests[0]!.headers.authorization).toBeUndefined();
  });

  test('hears servers that differ: reasoning_content, no index, no id, stop after calls, no [DONE]', async () => {
    const { driver, fake } = await driverAndFake('openai_compatible');
    fake.respondWith([
      {
        raw: [
          ': comment\n\n',
          frame({ reasoning_content: 'Hmm.' }),
          frame({ tool_calls: [{ id: 'a', function: { name: 'one', arguments: '{}' } }] }),
          frame({ tool_calls: [{ id: '', index: 1, function: { name: 'two', arguments: '{}' } }] }),
          frame({}, 'stop'),
        ],
      },
    ]);
    const { parts, done } = await hear(driver);
    expect(parts).toEqual([
      { type: 'reasoning', text: 'Hmm.' },
      { type: 'tool_call', tool_call_id: 'a', tool_name: 'one', input: {} },
      { type: 'tool_call', tool_call_id: 'call_1_1', tool_name: 'two', input: {} },
    ]);
    expect(done).toEqual({ type: 'done', stop_reason: 'tool_calls' });
  });
});
