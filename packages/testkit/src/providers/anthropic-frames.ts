import type { JsonObject } from '@kheish/core-model';
import {
  DEFAULT_USAGE,
  type FakeReply,
  type Frames,
  type StreamEvent,
  argumentsOf,
  chunksOf,
  halves,
  stopReasonOf,
} from './turn.ts';

const stopReasons = {
  end: 'end_turn',
  tool_calls: 'tool_use',
  max_output_tokens: 'max_tokens',
  refusal: 'refusal',
} as const;

/** A reply as the Anthropic Messages API streams it. */
export function anthropicFrames(reply: FakeReply): Frames {
  const { usage = DEFAULT_USAGE, reasoning, toolCalls = [] } = reply;
  const cached = usage.cached_input_tokens ?? 0;
  const before: StreamEvent[] = [];
  const after: StreamEvent[] = [];
  let index = 0;

  if (reasoning?.text !== undefined || reasoning?.opaque !== undefined) {
    const block = { type: 'thinking', thinking: '', signature: '' };
    before.push({ type: 'content_block_start', index, content_block: block });
    for (const thinking of halves(reasoning.text ?? '')) {
      before.push(delta(index, { type: 'thinking_delta', thinking }));
    }
    before.push(delta(index, { type: 'signature_delta', signature: reasoning.opaque ?? '' }));
    before.push({ type: 'content_block_stop', index });
    index += 1;
  }
  if (reasoning?.redacted !== undefined) {
    const block = { type: 'redacted_thinking', data: reasoning.redacted };
    before.push({ type: 'content_block_start', index, content_block: block });
    before.push({ type: 'content_block_stop', index });
    index += 1;
  }

  const texts = chunksOf(reply);
  const textIndex = index;
  if (texts.length > 0) {
    before.push({ type: 'content_block_start', index, content_block: { type: 'text', text: '' } });
    after.push({ type: 'content_block_stop', index });
    index += 1;
  }
  for (const call of toolCalls) {
    const block = { type: 'tool_use', id: call.id, name: call.name, input: {} };
    after.push({ type: 'content_block_start', index, content_block: block });
    for (const half of halves(argumentsOf(call))) {
      after.push(delta(index, { type: 'input_json_delta', partial_json: half }));
    }
    after.push({ type: 'content_block_stop', index });
    index += 1;
  }
  if (reply.streamError === undefined) {
    after.push({
      type: 'message_delta',
      delta: { stop_reason: stopReasons[stopReasonOf(reply)], stop_sequence: null },
      usage: {
        output_tokens: usage.output_tokens,
        ...(usage.reasoning_tokens !== undefined && {
          output_tokens_details: { thinking_tokens: usage.reasoning_tokens },
        }),
      },
    });
    after.push({ type: 'message_stop' });
  } else {
    const { code, message } = reply.streamError;
    after.push({ type: 'error', error: { type: code, message } });
  }

  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'fake',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: usage.input_tokens - cached,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: cached,
      output_tokens: 1,
    },
  };
  return {
    head: [{ type: 'message_start', message }, { type: 'ping' }, ...before].map(frame).join(''),
    chunks: texts.map((text) => frame(delta(textIndex, { type: 'text_delta', text }))),
    tail: after.map(frame).join(''),
  };
}

function delta(index: number, change: JsonObject): StreamEvent {
  return { type: 'content_block_delta', index, delta: change };
}

function frame(event: StreamEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
