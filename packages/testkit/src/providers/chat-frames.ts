import type { JsonObject } from '@kheish/core-model';
import {
  DEFAULT_USAGE,
  type FakeReply,
  type Frames,
  argumentsOf,
  chunksOf,
  halves,
  stopReasonOf,
} from './turn.ts';

const finishReasons = {
  end: 'stop',
  tool_calls: 'tool_calls',
  max_output_tokens: 'length',
  refusal: 'content_filter',
} as const;

/** A reply as Chat Completions streams it, reasoning in OpenRouter's form. */
export function chatFrames(reply: FakeReply): Frames {
  const { usage = DEFAULT_USAGE } = reply;
  return framesOf(reply, detailedReasoning(reply.reasoning), usage.output_tokens);
}

/** The same as xAI streams it: reasoning in the open, and not counted with the output. */
export function xaiFrames(reply: FakeReply): Frames {
  const { usage = DEFAULT_USAGE, reasoning } = reply;
  const thoughts = reasoning?.text === undefined ? [] : halves(reasoning.text);
  return framesOf(
    reply,
    thoughts.map((reasoning_content) => chunk({ reasoning_content })),
    usage.output_tokens - (usage.reasoning_tokens ?? 0),
  );
}

function detailedReasoning(reasoning: FakeReply['reasoning']): string[] {
  const before: string[] = [];
  for (const text of reasoning?.text === undefined ? [] : halves(reasoning.text)) {
    const detail = { type: 'reasoning.text', text, format: 'fake-v1', index: 0 };
    before.push(chunk({ reasoning: text, reasoning_details: [detail] }));
  }
  if (reasoning?.opaque !== undefined) {
    const signature = reasoning.opaque;
    const detail = { type: 'reasoning.text', signature, format: 'fake-v1', index: 0 };
    before.push(chunk({ reasoning_details: [detail] }));
  }
  if (reasoning?.redacted !== undefined) {
    const detail = { type: 'reasoning.encrypted', data: reasoning.redacted, index: 1 };
    before.push(chunk({ reasoning_details: [detail] }));
  }
  return before;
}

function framesOf(
  reply: FakeReply,
  thoughts: readonly string[],
  completion_tokens: number,
): Frames {
  const { usage = DEFAULT_USAGE, toolCalls = [] } = reply;
  const after: string[] = [];
  for (const [index, call] of toolCalls.entries()) {
    const [first = '', second = ''] = halves(argumentsOf(call));
    const start = { name: call.name, arguments: first };
    after.push(chunk({ tool_calls: [{ index, id: call.id, type: 'function', function: start }] }));
    after.push(chunk({ tool_calls: [{ index, function: { arguments: second } }] }));
  }
  if (reply.streamError === undefined) {
    after.push(chunk({}, finishReasons[stopReasonOf(reply)]));
    after.push(
      frame({
        choices: [],
        usage: {
          prompt_tokens: usage.input_tokens,
          completion_tokens,
          total_tokens: usage.input_tokens + usage.output_tokens,
          prompt_tokens_details: { cached_tokens: usage.cached_input_tokens ?? 0 },
          completion_tokens_details: { reasoning_tokens: usage.reasoning_tokens ?? 0 },
        },
      }),
      'data: [DONE]\n\n',
    );
  } else {
    after.push(frame({ error: { ...reply.streamError } }));
  }
  return {
    head: [chunk({ role: 'assistant', content: '' }), ...thoughts].join(''),
    chunks: chunksOf(reply).map((content) => chunk({ content })),
    tail: after.join(''),
  };
}

function chunk(delta: JsonObject, finish_reason: string | null = null): string {
  return frame({ choices: [{ index: 0, delta, finish_reason }] });
}

function frame(event: JsonObject): string {
  const common = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 0, model: 'fake' };
  return `data: ${JSON.stringify({ ...common, ...event })}\n\n`;
}
