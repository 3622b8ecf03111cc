import type { JsonObject, StopReason, Usage } from '@kheish/core-model';

/** What a fake model says, in no protocol's words. */
export interface FakeReply {
  /** One text, or the chunks it is streamed in. */
  readonly text?: string | readonly string[];
  /** `opaque` is the signature or ciphertext to be sent back; `redacted` is a block of ciphertext alone. */
  readonly reasoning?: {
    readonly text?: string;
    readonly opaque?: string;
    readonly redacted?: string;
  };
  /** Arguments given as text are sent as they are, valid JSON or not. */
  readonly toolCalls?: readonly FakeToolCall[];
  readonly usage?: Usage;
  /** Unless given: `tool_calls` where there are any, else `end`. */
  readonly stopReason?: StopReason;
  /** An error event in place of the end; `code` is the provider's own word. */
  readonly streamError?: { readonly code: string; readonly message: string };
}

export interface FakeToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: JsonObject | string;
}

/** How one request is answered. */
export type FakeTurn =
  | (FakeReply & {
      /** Between text chunks. */
      readonly delayMs?: number;
      /** After so many text chunks, waits. */
      readonly hold?: { readonly afterChunks: number; readonly until: Promise<unknown> };
      /** Breaks the connection after so many bytes of the body. */
      readonly cutAfterBytes?: number;
      /** Sends the body in separate pieces, cut at these offsets. */
      readonly splitAt?: readonly number[];
    })
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: JsonObject | string;
    }
  | { readonly hang: 'before_headers' | 'after_headers' }
  /** Pieces sent one by one as an event stream, or as `contentType`. */
  | { readonly raw: readonly (string | Uint8Array)[]; readonly contentType?: string };

/** A reply in a protocol's frames. The chunks are what delays and holds stand between. */
export interface Frames {
  readonly head: string;
  readonly chunks: readonly string[];
  readonly tail: string;
}

/** An event that names its own type, as the SSE field `event` repeats it. */
export type StreamEvent = JsonObject & { readonly type: string };

export const DEFAULT_USAGE: Usage = { input_tokens: 10, output_tokens: 5 };

export function chunksOf(reply: FakeReply): readonly string[] {
  if (reply.text === undefined) return [];
  return typeof reply.text === 'string' ? [reply.text] : reply.text;
}

export function stopReasonOf(reply: FakeReply): StopReason {
  return reply.stopReason ?? (reply.toolCalls === undefined ? 'end' : 'tool_calls');
}

export function argumentsOf(call: FakeToolCall): string {
  return typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments);
}

/** Two halves, so that a reader must put them together again. */
export function halves(text: string): readonly string[] {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}
