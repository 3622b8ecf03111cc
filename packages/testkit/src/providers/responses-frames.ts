import type { Json, JsonObject } from '@kheish/core-model';
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

/** A reply as the OpenAI Responses API streams it. */
export function responsesFrames(reply: FakeReply): Frames {
  const { reasoning, toolCalls = [] } = reply;
  const stop = stopReasonOf(reply);
  const before: StreamEvent[] = [];
  const after: StreamEvent[] = [];
  let output_index = 0;

  if (reasoning !== undefined) {
    const item_id = 'rs_1';
    before.push({
      type: 'response.output_item.added',
      output_index,
      item: { id: item_id, type: 'reasoning', summary: [] },
    });
    for (const text of halves(reasoning.text ?? '')) {
      const type = 'response.reasoning_summary_text.delta';
      before.push({ type, item_id, output_index, summary_index: 0, delta: text });
    }
    before.push({
      type: 'response.output_item.done',
      output_index,
      item: {
        id: item_id,
        type: 'reasoning',
        summary:
          reasoning.text === undefined ? [] : [{ type: 'summary_text', text: reasoning.text }],
        ...(reasoning.opaque !== undefined && { encrypted_content: reasoning.opaque }),
      },
    });
    output_index += 1;
  }

  const texts = chunksOf(reply);
  const deltaType = stop === 'refusal' ? 'response.refusal.delta' : 'response.output_text.delta';
  const textIndex = output_index;
  if (texts.length > 0) {
    const item = { id: 'msg_1', type: 'message', role: 'assistant' };
    const text = texts.join('');
    const content: Json =
      stop === 'refusal'
        ? { type: 'refusal', refusal: text }
        : { type: 'output_text', text, annotations: [] };
    before.push({
      type: 'response.output_item.added',
      output_index,
      item: { ...item, status: 'in_progress', content: [] },
    });
    after.push({
      type: 'response.output_item.done',
      output_index,
      item: { ...item, status: 'completed', content: [content] },
    });
    output_index += 1;
  }
  for (const call of toolCalls) {
    const item = { id: `fc_${call.id}`, type: 'function_call', call_id: call.id, name: call.name };
    const text = argumentsOf(call);
    after.push({
      type: 'response.output_item.added',
      output_index,
      item: { ...item, arguments: '' },
    });
    for (const half of halves(text)) {
      const type = 'response.function_call_arguments.delta';
      after.push({ type, item_id: item.id, output_index, delta: half });
    }
    const done = { ...item, arguments: text, status: 'completed' };
    after.push({ type: 'response.output_item.done', output_index, item: done });
    output_index += 1;
  }
  after.push(ending(reply));

  let sequence_number = 0;
  const frame = (event: StreamEvent): string => {
    const { type } = event;
    sequence_number += 1;
    return `event: ${type}\ndata: ${JSON.stringify({ ...event, sequence_number })}\n\n`;
  };
  const created = { type: 'response.created', response: { id: 'resp_1', status: 'in_progress' } };
  return {
    head: [created, ...before].map(frame).join(''),
    chunks: texts.map((delta) =>
      frame({
        type: deltaType,
        item_id: 'msg_1',
        output_index: textIndex,
        content_index: 0,
        delta,
      }),
    ),
    tail: after.map(frame).join(''),
  };
}

function ending(reply: FakeReply): StreamEvent {
  const { usage = DEFAULT_USAGE, streamError } = reply;
  if (streamError !== undefined) {
    const response = { id: 'resp_1', status: 'failed', error: { ...streamError } };
    return { type: 'response.failed', response };
  }
  const response: JsonObject = {
    id: 'resp_1',
    status: 'completed',
    usage: {
      input_tokens: usage.input_tokens,
      input_tokens_details: { cached_tokens: usage.cached_input_tokens ?? 0 },
      output_tokens: usage.output_tokens,
      output_tokens_details: { reasoning_tokens: usage.reasoning_tokens ?? 0 },
      total_tokens: usage.input_tokens + usage.output_tokens,
    },
  };
  if (stopReasonOf(reply) !== 'max_output_tokens') return { type: 'response.completed', response };
  const incomplete_details = { reason: 'max_output_tokens' };
  return {
    type: 'response.incomplete',
    response: { ...response, status: 'incomplete', incomplete_details },
  };
}
