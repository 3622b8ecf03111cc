import Anthropic from '@anthropic-ai/sdk';
import type { FakeTurn } from '@kheish/testkit';
import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { KEY, driverAndFake, hear } from './testing/drivers-under-test.ts';

/** What the official SDK makes of the same bytes is what ours must make of them. */
const turns: readonly FakeTurn[] = [
  { text: ['One ', 'twö ', '🌍'], usage: { input_tokens: 9, output_tokens: 4 } },
  { text: 'x', stopReason: 'max_output_tokens' },
  {
    text: ['Look', 'ing.'],
    reasoning: { text: 'Let me see.', opaque: 'signature' },
    toolCalls: [
      { id: 'call_a', name: 'read_file', arguments: { path: 'ä/b', nested: { n: [1, null] } } },
      { id: 'call_b', name: 'list_files', arguments: {} },
    ],
  },
];

describe('the official SDKs hear the same', () => {
  test.each(turns)('Anthropic Messages %#', async (turn) => {
    const { driver, fake } = await driverAndFake('anthropic');
    fake.respondWith([turn, turn]);
    const ours = await hear(driver);
    const sdk = new Anthropic({ apiKey: KEY, baseURL: fake.url.replace('/v1', '') });
    const theirs = await sdk.messages
      .stream({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'x' }] })
      .finalMessage();
    expect(
      theirs.content.map((block) => {
        if (block.type === 'text') return { type: 'text', text: block.text };
        if (block.type === 'thinking') {
          const opaque = { signature: block.signature };
          return { type: 'reasoning', text: block.thinking, opaque };
        }
        if (block.type !== 'tool_use') throw new Error(block.type);
        const { id: tool_call_id, name: tool_name, input } = block;
        return { type: 'tool_call', tool_call_id, tool_name, input };
      }),
    ).toEqual(ours.parts);
    expect(ours.done.usage).toMatchObject({
      input_tokens: theirs.usage.input_tokens,
      output_tokens: theirs.usage.output_tokens,
    });
  });

  // This SDK throws for an answer that was cut by the limit.
  const complete = turns.filter((turn) => !('stopReason' in turn));

  test.each(complete)('Chat Completions %#', async (turn) => {
    const { driver, fake } = await driverAndFake('openai_compatible');
    fake.respondWith([turn, turn]);
    const ours = await hear(driver);
    const sdk = new OpenAI({ apiKey: KEY, baseURL: fake.url });
    const stream = sdk.chat.completions.stream({
      model: 'm',
      messages: [{ role: 'user', content: 'x' }],
      stream_options: { include_usage: true },
    });
    const theirs = await stream.finalChatCompletion();
    const { message } = theirs.choices[0]!;
    expect(ours.text).toBe(message.content);
    expect(ours.parts.filter(({ type }) => type === 'tool_call')).toEqual(
      (message.tool_calls ?? []).map((call) => {
        if (call.type !== 'function') throw new Error(call.type);
        const input = JSON.parse(call.function.arguments) as unknown;
        const { name: tool_name } = call.function;
        return { type: 'tool_call', tool_call_id: call.id, tool_name, input };
      }),
    );
    expect(ours.done.usage?.output_tokens).toBe(theirs.usage?.completion_tokens);
  });

  test.each(turns)('OpenAI Responses %#', async (turn) => {
    const { driver, fake } = await driverAndFake('openai');
    fake.respondWith([turn, turn]);
    const ours = await hear(driver);
    const sdk = new OpenAI({ apiKey: KEY, baseURL: fake.url });
    let text = '';
    const calls: unknown[] = [];
    for await (const event of await sdk.responses.create({
      model: 'm',
      input: 'x',
      stream: true,
    })) {
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.output_item.done' && event.item.type === 'function_call') {
        const { call_id: tool_call_id, name: tool_name, arguments: args } = event.item;
        calls.push({ type: 'tool_call', tool_call_id, tool_name, input: JSON.parse(args) });
      }
    }
    expect(ours.text).toBe(text);
    expect(ours.parts.filter(({ type }) => type === 'tool_call')).toEqual(calls);
  });
});
