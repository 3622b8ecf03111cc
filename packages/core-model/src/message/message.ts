import * as v from 'valibot';
import { type Json, type JsonObject, isJsonObject } from '../json.ts';
import { Body, eraseBody } from './body.ts';

const json = v.custom<Json>((value) => value !== undefined);
const jsonObject = v.custom<JsonObject>(isJsonObject);

export const UserMessage = v.strictObject({
  role: v.literal('user'),
  content: Body,
});

const TextPart = v.strictObject({ type: v.literal('text'), text: Body });

/** What a model thought aloud. `opaque` is the provider's own form, sent back to the same driver only. */
const ReasoningPart = v.strictObject({
  type: v.literal('reasoning'),
  text: v.optional(Body),
  opaque: v.optional(json),
});

/** `input` is absent where the model's arguments were not a JSON object; `raw_input` then has them as they came. */
export const ToolCallPart = v.strictObject({
  type: v.literal('tool_call'),
  tool_call_id: v.string(),
  tool_name: v.string(),
  input: v.optional(jsonObject),
  raw_input: v.optional(v.string()),
});
export type ToolCallPart = v.InferOutput<typeof ToolCallPart>;

export const AssistantPart = v.variant('type', [TextPart, ReasoningPart, ToolCallPart]);
export type AssistantPart = v.InferOutput<typeof AssistantPart>;

export const StopReason = v.picklist(['end', 'tool_calls', 'max_output_tokens', 'refusal']);
export type StopReason = v.InferOutput<typeof StopReason>;

export const AssistantMessage = v.strictObject({
  role: v.literal('assistant'),
  parts: v.array(AssistantPart),
  stop_reason: StopReason,
  driver: v.string(),
  model: v.string(),
});
export type AssistantMessage = v.InferOutput<typeof AssistantMessage>;

export const ToolMessage = v.strictObject({
  role: v.literal('tool'),
  tool_call_id: v.string(),
  tool_name: v.string(),
  content: Body,
  is_error: v.boolean(),
});
export type ToolMessage = v.InferOutput<typeof ToolMessage>;

/** One entry of a session's transcript, the same for every provider. */
export const Message = v.variant('role', [UserMessage, AssistantMessage, ToolMessage]);
export type Message = v.InferOutput<typeof Message>;
export type UserMessage = v.InferOutput<typeof UserMessage>;

export const Usage = v.strictObject({
  input_tokens: v.number(),
  output_tokens: v.number(),
  cached_input_tokens: v.optional(v.number()),
  reasoning_tokens: v.optional(v.number()),
});
export type Usage = v.InferOutput<typeof Usage>;

export function addUsage(left: Usage | undefined, right: Usage | undefined): Usage | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  const sum: Usage = {
    input_tokens: left.input_tokens + right.input_tokens,
    output_tokens: left.output_tokens + right.output_tokens,
  };
  const cached = (left.cached_input_tokens ?? 0) + (right.cached_input_tokens ?? 0);
  const reasoning = (left.reasoning_tokens ?? 0) + (right.reasoning_tokens ?? 0);
  if (cached > 0) sum.cached_input_tokens = cached;
  if (reasoning > 0) sum.reasoning_tokens = reasoning;
  return sum;
}

export function toolCallsOf(message: AssistantMessage): ToolCallPart[] {
  return message.parts.filter((part) => part.type === 'tool_call');
}

/** Every body of a message, in the order in which `mapBodies` visits them. */
export function mapBodies<M extends Message>(message: M, change: (body: Body) => Body): M {
  if (message.role !== 'assistant') return { ...message, content: change(message.content) };
  const parts = message.parts.map((part) => {
    if (part.type === 'text') return { ...part, text: change(part.text) };
    if (part.type === 'reasoning' && part.text !== undefined) {
      return { ...part, text: change(part.text) };
    }
    return part;
  });
  return { ...message, parts };
}

/** In the place of a tool's name: a model may call what does not exist, by any words. */
export const ERASED_TOOL = 'erased';

/** The message without its texts, arguments, names of tools and provider data. */
export function eraseMessage<M extends Message>(message: M): M {
  const erased = mapBodies(message, eraseBody);
  if (erased.role === 'tool') return { ...erased, tool_name: ERASED_TOOL };
  if (erased.role !== 'assistant') return erased;
  const parts = erased.parts.map((part): AssistantPart => {
    if (part.type === 'reasoning')
      return { type: 'reasoning', ...(part.text && { text: part.text }) };
    if (part.type === 'tool_call') {
      return { type: 'tool_call', tool_call_id: part.tool_call_id, tool_name: ERASED_TOOL };
    }
    return part;
  });
  return { ...erased, parts };
}
