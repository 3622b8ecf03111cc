import type { JsonObject, Json } from '../json.ts';
import type { StopReason, Usage } from '../message/message.ts';
import type { Generation } from '../run/run.ts';
import type { JsonSchema } from '../tool/tool.ts';

/** The transcript as a driver gets it: every text in full. */
export type PromptMessage =
  | { readonly role: 'user'; readonly content: string }
  | {
      readonly role: 'assistant';
      readonly parts: readonly PromptPart[];
      /** What answered: reasoning in its own form goes back to the same driver and model only. */
      readonly driver: string;
      readonly model: string;
    }
  | {
      readonly role: 'tool';
      readonly tool_call_id: string;
      readonly tool_name: string;
      readonly content: string;
      readonly is_error: boolean;
    };

export type PromptPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text?: string; readonly opaque?: Json }
  | {
      readonly type: 'tool_call';
      readonly tool_call_id: string;
      readonly tool_name: string;
      /** Absent where the model's arguments were not a JSON object. */
      readonly input?: JsonObject;
      readonly raw_input?: string;
    };

export interface PromptTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
}

export interface ModelRequest {
  readonly model: string;
  readonly system: string;
  readonly messages: readonly PromptMessage[];
  readonly tools: readonly PromptTool[];
  readonly generation: Generation;
}

/**
 * What a driver yields while the model speaks. Parts arrive whole, after their deltas.
 * `alive`: bytes came that say nothing yet (a keep-alive, half a tool call), so the provider is not silent.
 */
export type ModelEvent =
  | { readonly type: 'alive' }
  | { readonly type: 'text_delta'; readonly text: string }
  | { readonly type: 'reasoning_delta'; readonly text: string }
  | { readonly type: 'part'; readonly part: PromptPart }
  | { readonly type: 'done'; readonly stop_reason: StopReason; readonly usage?: Usage };

/**
 * One attempt at one model call. The last event is `done`; a stream that ends without it is an error.
 * Throws `KheishError` of domain `models`; aborting the signal ends the call upstream.
 */
export interface ModelDriver {
  readonly name: string;
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
}
