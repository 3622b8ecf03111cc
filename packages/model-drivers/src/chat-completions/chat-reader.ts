import {
  type Json,
  type JsonObject,
  KheishError,
  type StopReason,
  type Usage,
} from '@kheish/core-model';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions/completions';
import { type Emit, type Failed, type FrameReader, frameJson } from '../http/event-stream.ts';
import { faultOf } from '../http/provider-error.ts';
import { toolCallPart } from '../http/tool-arguments.ts';
import type { ChatFlavour } from './chat-flavour.ts';
import { addReasoningDetails } from './reasoning-details.ts';

/** What servers add to a delta beyond the official fields. */
type Delta = ChatCompletionChunk.Choice.Delta & {
  readonly reasoning?: string | null;
  readonly reasoning_content?: string | null;
  readonly reasoning_details?: Json[] | null;
};

interface OpenCall {
  id: string;
  name: string;
  args: string;
}

/** Reads a Chat Completions stream. `callId` makes up an id where the server gives none. */
export function chatReader(
  flavour: ChatFlavour,
  emit: Emit,
  failed: Failed,
  callId: (index: number) => string,
): FrameReader {
  const calls = new Map<number, OpenCall>();
  const details: JsonObject[] = [];
  let text = '';
  let reasoning = '';
  let refused = false;
  let finish: string | undefined;
  let usage: Usage | undefined;

  function readDelta(delta: Delta): void {
    const thought = delta.reasoning ?? delta.reasoning_content;
    if (typeof thought === 'string' && thought !== '') {
      reasoning += thought;
      emit({ type: 'reasoning_delta', text: thought });
    }
    if (Array.isArray(delta.reasoning_details))
      addReasoningDetails(details, delta.reasoning_details);
    const said = delta.content ?? delta.refusal;
    if (typeof said === 'string' && said !== '') {
      refused ||= typeof delta.refusal === 'string';
      text += said;
      emit({ type: 'text_delta', text: said });
    }
    for (const piece of delta.tool_calls ?? []) addCall(calls, piece);
  }

  function done(): void {
    if (reasoning !== '' || details.length > 0) {
      const thought = reasoning !== '' && { text: reasoning };
      const opaque = details.length > 0 && { opaque: details as Json };
      emit({ type: 'part', part: { type: 'reasoning', ...thought, ...opaque } });
    }
    if (text !== '') emit({ type: 'part', part: { type: 'text', text } });
    for (const [index, call] of calls) {
      emit({ type: 'part', part: toolCallPart(call.id || callId(index), call.name, call.args) });
    }
    const stop = refused ? 'refusal' : stopReasonOf(finish, calls.size > 0);
    emit({ type: 'done', stop_reason: stop, ...(usage !== undefined && { usage }) });
  }

  function read(data: string): void {
    if (data === '[DONE]') {
      done();
      return;
    }
    const chunk = frameJson(data) as ChatCompletionChunk & { error?: unknown };
    if (chunk.error !== undefined && chunk.error !== null) throw failed(faultOf(chunk));
    if (!Array.isArray(chunk.choices)) {
      throw new KheishError('models/malformed_response', 'A frame of the stream has no choices.');
    }
    const [choice] = chunk.choices;
    if (choice !== undefined) {
      // The last chunk of some servers has no delta at all.
      readDelta((choice as Partial<typeof choice>).delta ?? {});
      if (typeof choice.finish_reason === 'string') finish = choice.finish_reason;
    }
    if (chunk.usage !== undefined && chunk.usage !== null) {
      usage = usageOf(chunk.usage, flavour);
    }
  }

  function end(): void {
    if (finish !== undefined) done();
  }

  return { read, end };
}

function addCall(
  calls: Map<number, OpenCall>,
  piece: ChatCompletionChunk.Choice.Delta.ToolCall,
): void {
  // Servers that give no index send each call whole, with its id.
  const { index = piece.id === undefined ? calls.size - 1 : calls.size } = piece as Partial<
    typeof piece
  >;
  const call = calls.get(index) ?? { id: '', name: '', args: '' };
  calls.set(index, call);
  // Some servers repeat id and name in every piece.
  call.id ||= piece.id ?? '';
  call.name ||= piece.function?.name ?? '';
  call.args += piece.function?.arguments ?? '';
}

/** Many servers say `stop` after tool calls. */
function stopReasonOf(finish: string | undefined, called: boolean): StopReason {
  if (finish === 'length') return 'max_output_tokens';
  if (finish === 'content_filter') return 'refusal';
  return called ? 'tool_calls' : 'end';
}

function usageOf(
  usage: NonNullable<ChatCompletionChunk['usage']>,
  { reasoningBesideOutput = false }: ChatFlavour,
): Usage {
  const cached = usage.prompt_tokens_details?.cached_tokens ?? 0;
  const reasoning = usage.completion_tokens_details?.reasoning_tokens ?? 0;
  return {
    input_tokens: usage.prompt_tokens,
    output_tokens: usage.completion_tokens + (reasoningBesideOutput ? reasoning : 0),
    ...(cached > 0 && { cached_input_tokens: cached }),
    ...(reasoning > 0 && { reasoning_tokens: reasoning }),
  };
}
