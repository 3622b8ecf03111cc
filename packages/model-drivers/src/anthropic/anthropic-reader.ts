import type {
  ContentBlock,
  MessageDeltaUsage,
  RawMessageStreamEvent,
} from '@anthropic-ai/sdk/resources/messages/messages';
import { KheishError, type StopReason, type Usage } from '@kheish/core-model';
import { type Emit, type Failed, type FrameReader, frameJson } from '../http/event-stream.ts';
import { faultOf } from '../http/provider-error.ts';
import { toolCallPart } from '../http/tool-arguments.ts';

type StreamEvent = RawMessageStreamEvent | { type: 'ping' } | { type: 'error'; error: unknown };

type Counts = { readonly [Name in keyof MessageDeltaUsage]?: MessageDeltaUsage[Name] | null };

interface OpenBlock {
  readonly block: ContentBlock;
  text: string;
  signature: string;
}

/** Reads the stream of the Anthropic Messages API. */
export function anthropicReader(emit: Emit, failed: Failed): FrameReader {
  let open: OpenBlock | undefined;
  let stop: StopReason | undefined;
  let usage: Counts = {};

  function read(data: string): void {
    const event = frameJson(data) as StreamEvent;
    switch (event.type) {
      case 'content_block_delta':
        if (open !== undefined) addDelta(open, event.delta, emit);
        break;
      case 'content_block_start':
        open = { block: event.content_block, text: '', signature: '' };
        break;
      case 'content_block_stop':
        if (open !== undefined) closeBlock(open, emit);
        open = undefined;
        break;
      case 'message_start':
        usage = { ...event.message.usage };
        break;
      case 'message_delta':
        usage = { ...usage, ...present(event.usage) };
        if (event.delta.stop_reason !== null) stop = stopReasons[event.delta.stop_reason] ?? 'end';
        break;
      case 'message_stop':
        if (stop === undefined) {
          throw new KheishError('models/malformed_response', 'The answer has no stop reason.');
        }
        emit({ type: 'done', stop_reason: stop, usage: usageOf(usage) });
        break;
      case 'error':
        throw failed(faultOf(event));
      default:
        if (typeof event.type !== 'string') {
          throw new KheishError('models/malformed_response', 'A frame of the stream has no type.');
        }
    }
  }

  return { read };
}

type Delta = Extract<RawMessageStreamEvent, { type: 'content_block_delta' }>['delta'];

function addDelta(open: OpenBlock, delta: Delta, emit: Emit): void {
  switch (delta.type) {
    case 'text_delta':
      open.text += delta.text;
      emit({ type: 'text_delta', text: delta.text });
      break;
    case 'thinking_delta':
      open.text += delta.thinking;
      if (delta.thinking !== '') emit({ type: 'reasoning_delta', text: delta.thinking });
      break;
    case 'input_json_delta':
      open.text += delta.partial_json;
      break;
    case 'signature_delta':
      open.signature += delta.signature;
      break;
    case 'citations_delta':
      break;
  }
}

function closeBlock({ block, text, signature }: OpenBlock, emit: Emit): void {
  if (block.type === 'text' && text !== '') emit({ type: 'part', part: { type: 'text', text } });
  if (block.type === 'tool_use') {
    emit({ type: 'part', part: toolCallPart(block.id, block.name, text) });
  }
  if (block.type === 'thinking') {
    const part = {
      type: 'reasoning',
      ...(text !== '' && { text }),
      opaque: { signature },
    } as const;
    emit({ type: 'part', part });
  }
  if (block.type === 'redacted_thinking') {
    emit({ type: 'part', part: { type: 'reasoning', opaque: { data: block.data } } });
  }
}

const stopReasons: Readonly<Record<string, StopReason>> = {
  end_turn: 'end',
  stop_sequence: 'end',
  pause_turn: 'end',
  tool_use: 'tool_calls',
  max_tokens: 'max_output_tokens',
  model_context_window_exceeded: 'max_output_tokens',
  refusal: 'refusal',
};

/** The protocol counts cached input apart; ours counts it in. */
function usageOf(usage: Counts): Usage {
  const cached = usage.cache_read_input_tokens ?? 0;
  const reasoning = usage.output_tokens_details?.thinking_tokens ?? 0;
  return {
    input_tokens: (usage.input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0) + cached,
    output_tokens: usage.output_tokens ?? 0,
    ...(cached > 0 && { cached_input_tokens: cached }),
    ...(reasoning > 0 && { reasoning_tokens: reasoning }),
  };
}

/** A later frame says null of what an earlier one has counted. */
function present(usage: Counts): Counts {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null));
}
