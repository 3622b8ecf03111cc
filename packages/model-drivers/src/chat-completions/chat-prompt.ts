import type { Json, ModelRequest, PromptMessage, PromptPart } from '@kheish/core-model';
import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
  ChatCompletionMessageToolCall,
} from 'openai/resources/chat/completions/completions';
import { encodedItems, encodedList, encodedOnce, withEncoded } from '../http/encoded-prompt.ts';
import { replayedArguments } from '../http/tool-arguments.ts';
import { isOwnAnswer } from '../own-answer.ts';
import type { ChatFlavour, Effort } from './chat-flavour.ts';

type ChatRequest = Omit<ChatCompletionCreateParamsStreaming, 'max_tokens' | 'messages'> & {
  max_tokens?: number;
  /** OpenRouter's form of `reasoning_effort`. */
  reasoning?: { effort: Effort };
};

/** Encodes the body of a request to servers of one flavour. */
export function chatEncoder(flavour: ChatFlavour): (request: ModelRequest) => string {
  const encoded = encodedOnce((message, model) =>
    encodedItems([chatMessage(message, flavour, model)]),
  );
  return (request) => {
    const { model, system, messages } = request;
    const instructions = system === '' ? '' : encodedItems([{ role: 'system', content: system }]);
    const prompt = encodedList([
      instructions,
      ...messages.map((message) => encoded(message, model)),
    ]);
    return withEncoded(chatRequest(request, flavour), 'messages', prompt);
  };
}

function chatRequest(request: ModelRequest, flavour: ChatFlavour): ChatRequest {
  const { model, tools, generation } = request;
  const { max_output_tokens, temperature, reasoning } = generation;
  return {
    model,
    stream: true,
    stream_options: { include_usage: true },
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, inputSchema }) => ({
        type: 'function' as const,
        function: { name, description, parameters: inputSchema },
      })),
    }),
    ...(max_output_tokens !== undefined && { [flavour.limit]: max_output_tokens }),
    ...(temperature !== undefined && { temperature }),
    ...(reasoning?.effort !== undefined && effortOf(reasoning.effort, flavour)),
  };
}

function effortOf(asked: Effort, flavour: ChatFlavour): Partial<ChatRequest> {
  const effort = flavour.efforts?.[asked] ?? asked;
  return flavour.reasoningDetails ? { reasoning: { effort } } : { reasoning_effort: effort };
}

function chatMessage(
  message: PromptMessage,
  flavour: ChatFlavour,
  model: string,
): ChatCompletionMessageParam {
  if (message.role === 'user') return { role: 'user', content: message.content };
  if (message.role === 'tool') {
    return { role: 'tool', tool_call_id: message.tool_call_id, content: message.content };
  }
  const { parts } = message;
  const calls = parts.flatMap(toolCall);
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const own = isOwnAnswer(message, flavour.name, model);
  const details = flavour.reasoningDetails && own ? detailsOf(parts) : [];
  return {
    role: 'assistant',
    content: text === '' && calls.length > 0 ? null : text,
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(details.length > 0 && { reasoning_details: details }),
  };
}

function toolCall(part: PromptPart): ChatCompletionMessageToolCall[] {
  if (part.type !== 'tool_call') return [];
  const call = { name: part.tool_name, arguments: replayedArguments(part) };
  return [{ type: 'function', id: part.tool_call_id, function: call }];
}

function detailsOf(parts: readonly PromptPart[]): Json[] {
  return parts.flatMap((part) =>
    part.type === 'reasoning' && Array.isArray(part.opaque) ? part.opaque : [],
  );
}
