import { type Json, KheishError, type StopReason, type Usage } from '@kheish/core-model';
import type {
  Response,
  ResponseOutputItem,
  ResponseReasoningItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses';
import { type Emit, type Failed, type FrameReader, frameJson } from '../http/event-stream.ts';
import { faultOf } from '../http/provider-error.ts';
import { toolCallPart } from '../http/tool-arguments.ts';

/** Reads the stream of the OpenAI Responses API. */
export function openaiReader(emit: Emit, failed: Failed): FrameReader {
  let toolCalls = 0;
  let refused = false;

  function finish(response: Response, stop: StopReason): void {
    const usage = response.usage === undefined ? undefined : usageOf(response.usage);
    emit({ type: 'done', stop_reason: stop, ...(usage !== undefined && { usage }) });
  }

  function read(data: string): void {
    const event = frameJson(data) as ResponseStreamEvent;
    switch (event.type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        emit({ type: 'text_delta', text: event.delta });
        break;
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        emit({ type: 'reasoning_delta', text: event.delta });
        break;
      case 'response.output_item.done':
        if (event.item.type === 'function_call') toolCalls += 1;
        refused ||= isRefusal(event.item);
        emitItem(event.item, emit);
        break;
      case 'response.completed':
        finish(event.response, refused ? 'refusal' : toolCalls > 0 ? 'tool_calls' : 'end');
        break;
      case 'response.incomplete': {
        const reason = event.response.incomplete_details?.reason;
        finish(event.response, reason === 'content_filter' ? 'refusal' : 'max_output_tokens');
        break;
      }
      case 'response.failed':
        throw failed(faultOf(event.response));
      case 'error':
        throw failed(faultOf(errorOf(event)));
      default:
        // Of the many other events some repeat what is read above, some are of tools that we never offer.
        if (typeof event.type !== 'string') {
          throw new KheishError('models/malformed_response', 'A frame of the stream has no type.');
        }
    }
  }

  return { read };
}

/** `type` says only that it is an error; the word is in `code`, or one level down. */
function errorOf(event: object): unknown {
  if ('error' in event) return event;
  return { error: { ...event, type: undefined } };
}

function emitItem(item: ResponseOutputItem, emit: Emit): void {
  if (item.type === 'function_call') {
    emit({ type: 'part', part: toolCallPart(item.call_id, item.name, item.arguments) });
  }
  if (item.type === 'message') {
    const text = item.content
      .map((content) => (content.type === 'refusal' ? content.refusal : content.text))
      .join('');
    if (text !== '') emit({ type: 'part', part: { type: 'text', text } });
  }
  if (item.type === 'reasoning') {
    const text = reasoningText(item);
    const opaque = item as unknown as Json;
    emit({ type: 'part', part: { type: 'reasoning', ...(text !== '' && { text }), opaque } });
  }
}

function reasoningText(item: ResponseReasoningItem): string {
  return [...item.summary, ...(item.content ?? [])].map(({ text }) => text).join('\n\n');
}

function isRefusal(item: ResponseOutputItem): boolean {
  return item.type === 'message' && item.content.some(({ type }) => type === 'refusal');
}

function usageOf(usage: NonNullable<Response['usage']>): Usage {
  // Servers that speak this protocol without being OpenAI leave the details out.
  const { input_tokens_details: input, output_tokens_details: output } = usage as Partial<
    typeof usage
  >;
  const cached = input?.cached_tokens ?? 0;
  const reasoning = output?.reasoning_tokens ?? 0;
  return {
    input_tokens: usage.input_tokens,
    output_tokens: usage.output_tokens,
    ...(cached > 0 && { cached_input_tokens: cached }),
    ...(reasoning > 0 && { reasoning_tokens: reasoning }),
  };
}
