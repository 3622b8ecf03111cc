import type { NetworkDriver } from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import type { Effort } from './chat-completions/chat-flavour.ts';
import { driverAndFake, hear, requestOf } from './testing/drivers-under-test.ts';

/** Lets a model reason, and sends back what it said as an answer of `from`. */
const replay = async (
  name: NetworkDriver,
  reasoning: { text?: string; opaque?: string; redacted?: string },
) => {
  const { driver, fake } = await driverAndFake(name);
  fake.respondWith([
    { reasoning, toolCalls: [{ id: 'call_a', name: 'read_file', arguments: {} }] },
  ]);
  const heard = await hear(driver);
  const answer = {
    role: 'assistant',
    parts: heard.parts,
    driver: name,
    model: 'test-model',
  } as const;
  await hear(driver, requestOf({ messages: [{ role: 'user', content: 'x' }, answer] }));
  return { heard, sent: fake.requests[1]!.conversation as Record<string, unknown>[] };
};

/** The body of a request for much reasoning. */
const ask = async (name: NetworkDriver, model: string, effort: Effort = 'high') => {
  const { driver, fake } = await driverAndFake(name);
  const generation = { reasoning: { effort } };
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
    expect(await ask('xai', 'grok')).toMatchObject({ reasoning_effort: 'high' });
    expect(await ask('xai', 'grok', 'minimal')).toMatchObject({ reasoning_effort: 'low' });
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
            model: 'm',
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

describe('xai', () => {
  test('has its own words for the limit, and counts reasoning beside the output', async () => {
    const { driver, fake } = await driverAndFake('xai');
    const usage = { prompt_tokens: 32, completion_tokens: 9, total_tokens: 135 };
    const reasoned = { ...usage, completion_tokens_details: { reasoning_tokens: 94 } };
    const end = { choices: [], usage: reasoned };
    fake.respondWith([{ raw: [frame({}, 'stop'), `data: ${JSON.stringify(end)}\n\n`] }]);
    const { done } = await hear(driver, requestOf({ generation: { max_output_tokens: 7 } }));
    expect(done.usage).toEqual({ input_tokens: 32, output_tokens: 103, reasoning_tokens: 94 });
    expect(fake.requests[0]!.body).toMatchObject({ max_completion_tokens: 7 });
    expect(fake.requests[0]!.body).not.toHaveProperty('max_tokens');
  });

  test.each([
    [
      400,
      'Incorrect API key provided: xa***na. You can obtain an API key from https://x.example.',
      'models/authentication_failed',
    ],
    [
      400,
      "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
      'models/context_exceeded',
    ],
    [400, 'Invalid request content.', 'models/invalid_request'],
    [429, 'Too many requests.', 'models/rate_limited'],
  ])('tells an error whose words are %i %s', async (status, error, code) => {
    const { driver, fake } = await driverAndFake('xai');
    const body = { code: 'Client specified an invalid argument', error };
    fake.respondWith([{ status, body }]);
    await expect(hear(driver)).rejects.toMatchObject({ code });
  });
});
