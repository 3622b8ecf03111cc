import type { Json, JsonObject } from '@kheish/core-model';
import {
  DEFAULT_USAGE,
  type FakeReply,
  type FakeToolCall,
  type Frames,
  argumentsOf,
  chunksOf,
  halves,
  stopReasonOf,
} from './turn.ts';

const finishReasons = {
  end: 'STOP',
  tool_calls: 'STOP',
  max_output_tokens: 'MAX_TOKENS',
  refusal: 'SAFETY',
} as const;

/**
 * A reply as Gemini streams it. Arguments are JSON inside JSON here, so broken ones never leave the provider:
 * the answer ends as malformed in their place. The signature comes with the first call, or else in the end.
 */
export function googleFrames(reply: FakeReply): Frames {
  const { reasoning, toolCalls = [] } = reply;
  const thoughts = reasoning?.text === undefined ? [] : halves(reasoning.text);
  const before = thoughts.map((text) => frame(reply, [{ text, thought: true }]));
  const after: string[] = [];
  const broken = toolCalls.some((call) => argsOf(call) === 'broken');
  for (const [index, call] of broken ? [] : toolCalls.entries()) {
    const signed = index === 0 && reasoning?.opaque !== undefined;
    const signature = signed && { thoughtSignature: reasoning.opaque };
    after.push(frame(reply, [{ functionCall: functionCall(call), ...signature }]));
  }
  if (reply.streamError !== undefined) {
    const { code: status, message } = reply.streamError;
    after.push(data({ error: { code: 500, message, status } }));
  } else {
    const inTheEnd = toolCalls.length === 0 ? reasoning?.opaque : undefined;
    const parts: JsonObject[] =
      inTheEnd === undefined ? [] : [{ text: '', thoughtSignature: inTheEnd }];
    const finish = broken ? 'MALFORMED_FUNCTION_CALL' : finishReasons[stopReasonOf(reply)];
    after.push(frame(reply, parts, finish));
  }
  return {
    head: before.join(''),
    chunks: chunksOf(reply).map((text) => frame(reply, [{ text }])),
    tail: after.join(''),
  };
}

function argsOf(call: FakeToolCall): { args?: Json } | 'broken' {
  const text = argumentsOf(call);
  if (text === '') return {};
  try {
    return { args: JSON.parse(text) as Json };
  } catch {
    return 'broken';
  }
}

function functionCall(call: FakeToolCall): JsonObject {
  const args = argsOf(call);
  return {
    ...(call.id !== '' && { id: call.id }),
    name: call.name,
    ...(args !== 'broken' && args),
  };
}

/** Usage stands in every frame. */
function frame(reply: FakeReply, parts: JsonObject[], finishReason?: string): string {
  const { usage = DEFAULT_USAGE } = reply;
  const { reasoning_tokens: thoughts = 0, cached_input_tokens: cached } = usage;
  return data({
    candidates: [
      {
        ...(parts.length > 0 && { content: { role: 'model', parts } }),
        ...(finishReason !== undefined && { finishReason }),
        index: 0,
      },
    ],
    usageMetadata: {
      promptTokenCount: usage.input_tokens,
      candidatesTokenCount: usage.output_tokens - thoughts,
      totalTokenCount: usage.input_tokens + usage.output_tokens,
      ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
      ...(cached !== undefined && { cachedContentTokenCount: cached }),
    },
    modelVersion: 'fake',
    responseId: 'resp_1',
  });
}

function data(event: JsonObject): string {
  return `data: ${JSON.stringify(event)}\r\n\r\n`;
}
