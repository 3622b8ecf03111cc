import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import type { Json, StopReason } from '@kheish/core-model';
import type { NetworkDriver } from '@kheish/testkit';
import OpenAI from 'openai';
import type { Response as OpenAiResponse } from 'openai/resources/responses/responses';
import { type Told, argumentsIn, failed, usage } from './ours-and-theirs.ts';

type Hear = (fetch: () => Promise<Response>, told: Told) => Promise<void>;

const connection = { apiKey: 'k', maxRetries: 0 };

const anthropic: Hear = async (fetch, told) => {
  const sdk = new Anthropic({ ...connection, baseURL: 'http://sdk.test', fetch });
  const stream = sdk.messages.stream({ model: 'm', max_tokens: 9, messages: [] });
  const inputs = new Map<number, string>();
  for await (const event of stream) {
    if (event.type !== 'content_block_delta') continue;
    const { delta, index } = event;
    if (delta.type === 'text_delta') told.text += delta.text;
    if (delta.type === 'input_json_delta') {
      inputs.set(index, (inputs.get(index) ?? '') + delta.partial_json);
    }
  }
  const message = await stream.finalMessage();
  for (const [index, block] of message.content.entries()) {
    if (block.type === 'thinking') told.reasoning += block.thinking;
    if (block.type !== 'tool_use') continue;
    const { id, name } = block;
    told.calls.push({ id, name, arguments: argumentsIn(inputs.get(index) ?? '') });
  }
  const stops: Record<string, StopReason> = {
    tool_use: 'tool_calls',
    max_tokens: 'max_output_tokens',
  };
  const stop = message.stop_reason ?? '';
  told.stop = stop === 'refusal' ? 'refusal' : (stops[stop] ?? 'end');
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens } = message.usage;
  const cached = cache_read_input_tokens ?? 0;
  const input = input_tokens + (cache_creation_input_tokens ?? 0) + cached;
  const thoughts = message.usage.output_tokens_details?.thinking_tokens ?? 0;
  told.usage = usage(input, cached, message.usage.output_tokens, thoughts);
};

const responses: Hear = async (fetch, told) => {
  const sdk = new OpenAI({ ...connection, baseURL: 'http://sdk.test', fetch });
  let final: OpenAiResponse | undefined;
  for await (const event of await sdk.responses.create({ model: 'm', input: 'x', stream: true })) {
    if (event.type === 'response.output_text.delta') told.text += event.delta;
    if (event.type === 'response.refusal.delta') told.text += event.delta;
    if (event.type === 'response.completed' || event.type === 'response.incomplete') {
      final = event.response;
    }
  }
  if (final === undefined) throw new Error('the response has no end');
  let refused = false;
  for (const item of final.output) {
    if (item.type === 'reasoning') told.reasoning += item.summary.map(({ text }) => text).join('');
    if (item.type === 'message') refused ||= item.content.some(({ type }) => type === 'refusal');
    if (item.type !== 'function_call') continue;
    told.calls.push({ id: item.call_id, name: item.name, arguments: argumentsIn(item.arguments) });
  }
  const whole = told.calls.length > 0 ? 'tool_calls' : 'end';
  told.stop = refused ? 'refusal' : final.status === 'incomplete' ? 'max_output_tokens' : whole;
  const counts = final.usage;
  if (counts === undefined) return;
  const { input_tokens_details: input, output_tokens_details: output } = counts;
  told.usage = usage(
    counts.input_tokens,
    input.cached_tokens,
    counts.output_tokens,
    output.reasoning_tokens,
  );
};

const chat =
  (reasoningBesideOutput: boolean): Hear =>
  async (fetch, told) => {
    const sdk = new OpenAI({ ...connection, baseURL: 'http://sdk.test', fetch });
    const calls: { id: string; name: string; text: string }[] = [];
    let refused = false;
    let stop = '';
    const request = { model: 'm', messages: [], stream: true as const };
    for await (const { choices, usage: counts } of await sdk.chat.completions.create(request)) {
      const [choice] = choices;
      const delta = choice?.delta as (typeof choice & object)['delta'] & {
        reasoning_content?: string;
      };
      told.text += choice?.delta.content ?? choice?.delta.refusal ?? '';
      told.reasoning += delta?.reasoning_content ?? '';
      refused ||= typeof choice?.delta.refusal === 'string';
      for (const piece of choice?.delta.tool_calls ?? []) {
        const call = (calls[piece.index] ??= { id: '', name: '', text: '' });
        call.id += piece.id ?? '';
        call.name += piece.function?.name ?? '';
        call.text += piece.function?.arguments ?? '';
      }
      stop = choice?.finish_reason ?? stop;
      if (counts === undefined || counts === null) continue;
      const cached = counts.prompt_tokens_details?.cached_tokens ?? 0;
      const thoughts = counts.completion_tokens_details?.reasoning_tokens ?? 0;
      const output = counts.completion_tokens + (reasoningBesideOutput ? thoughts : 0);
      told.usage = usage(counts.prompt_tokens, cached, output, thoughts);
    }
    told.calls = calls.map(({ id, name, text }) => ({ id, name, arguments: argumentsIn(text) }));
    const stops: Record<string, StopReason> = {
      tool_calls: 'tool_calls',
      length: 'max_output_tokens',
      content_filter: 'refusal',
    };
    told.stop = refused ? 'refusal' : (stops[stop] ?? 'end');
  };

const google: Hear = async (fetch, told) => {
  const sdk = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: 'http://sdk.test', fetch } });
  let finish = '';
  for await (const chunk of await sdk.models.generateContentStream({ model: 'm', contents: 'x' })) {
    const candidate = chunk.candidates?.[0];
    for (const { text = '', thought = false, functionCall } of candidate?.content?.parts ?? []) {
      if (thought) told.reasoning += text;
      else told.text += text;
      if (functionCall === undefined) continue;
      const { id = '', name = '', args = {} } = functionCall;
      told.calls.push({ id, name, arguments: args as Json });
    }
    finish = candidate?.finishReason ?? finish;
    const counts = chunk.usageMetadata;
    const thoughts = counts?.thoughtsTokenCount ?? 0;
    const output = (counts?.candidatesTokenCount ?? 0) + thoughts;
    const cached = counts?.cachedContentTokenCount ?? 0;
    told.usage = usage(counts?.promptTokenCount ?? 0, cached, output, thoughts);
  }
  // The SDK hands on what we have to try again.
  if (finish === 'MALFORMED_FUNCTION_CALL') throw new Error(finish);
  const stops: Record<string, StopReason> = { MAX_TOKENS: 'max_output_tokens', SAFETY: 'refusal' };
  told.stop = stops[finish] ?? (told.calls.length > 0 ? 'tool_calls' : 'end');
};

/** The official SDK of each driver's protocol; xAI and OpenRouter name OpenAI's as theirs. */
const sdks: Readonly<Record<NetworkDriver, Hear>> = {
  anthropic,
  google,
  openai: responses,
  openai_compatible: chat(false),
  openrouter: chat(false),
  xai: chat(true),
};

/** What the official SDK makes of the chunks. */
export async function theirs(name: NetworkDriver, chunks: readonly Uint8Array[]): Promise<Told> {
  const told: Told = { text: '', reasoning: '', calls: [] };
  const body = ReadableStream.from(chunks);
  const headers = { 'content-type': 'text/event-stream' };
  try {
    await sdks[name](() => Promise.resolve(new Response(body, { headers })), told);
    return told;
  } catch {
    return failed(told);
  }
}
