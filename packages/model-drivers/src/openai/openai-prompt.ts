import {
  type ModelRequest,
  type PromptMessage,
  type PromptPart,
  isJsonObject,
} from '@kheish/core-model';
import type {
  ResponseCreateParamsStreaming,
  ResponseInputItem,
  ResponseReasoningItem,
} from 'openai/resources/responses/responses';
import { encodedItems, encodedList, encodedOnce, withEncoded } from '../http/encoded-prompt.ts';
import { replayedArguments } from '../http/tool-arguments.ts';
import { isOwnAnswer } from '../own-answer.ts';
import { OPENAI } from './openai-name.ts';

/** Models that do not reason refuse to be asked for their reasoning. */
const NOT_REASONING = /^(?:ft:)?(?:gpt-3|gpt-4|chatgpt-|gpt-5(?:\.\d+)?-chat)/;

/** Nothing is kept upstream: the whole transcript is sent each time, with the reasoning as ciphertext. */
export function openaiBody(request: ModelRequest): string {
  const { messages, model } = request;
  const input = encodedList(messages.map((message) => encoded(message, model)));
  return withEncoded(openaiRequest(request), 'input', input);
}

const encoded = encodedOnce((message, model) => encodedItems(inputItems(message, model)));

function openaiRequest(request: ModelRequest): Omit<ResponseCreateParamsStreaming, 'input'> {
  const { model, system, tools, generation } = request;
  const { max_output_tokens, temperature, reasoning } = generation;
  return {
    model,
    stream: true,
    store: false,
    ...(!NOT_REASONING.test(model) && { include: ['reasoning.encrypted_content'] }),
    ...(system !== '' && { instructions: system }),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, inputSchema }) => ({
        type: 'function' as const,
        name,
        description,
        parameters: inputSchema,
        strict: false,
      })),
    }),
    ...(max_output_tokens !== undefined && { max_output_tokens }),
    ...(temperature !== undefined && { temperature }),
    ...(reasoning?.effort !== undefined && {
      reasoning: {
        effort: reasoning.effort,
        ...(reasoning.effort !== 'none' && { summary: 'auto' as const }),
      },
    }),
  };
}

function inputItems(message: PromptMessage, model: string): ResponseInputItem[] {
  if (message.role === 'user') return [{ role: 'user', content: message.content }];
  if (message.role === 'tool') {
    const { tool_call_id: call_id, content: output } = message;
    return [{ type: 'function_call_output', call_id, output }];
  }
  const own = isOwnAnswer(message, OPENAI, model);
  return message.parts.flatMap((part) => assistantItem(part, own));
}

function assistantItem(part: PromptPart, own: boolean): ResponseInputItem[] {
  if (part.type === 'tool_call') {
    const { tool_call_id: call_id, tool_name: name } = part;
    return [{ type: 'function_call', call_id, name, arguments: replayedArguments(part) }];
  }
  if (part.type === 'reasoning') {
    return own && isReasoningItem(part.opaque) ? [part.opaque] : [];
  }
  return [{ role: 'assistant', content: part.text }];
}

/** Without the ciphertext the item names something that was never stored upstream. */
function isReasoningItem(opaque: unknown): opaque is ResponseReasoningItem {
  return isJsonObject(opaque) && typeof opaque['encrypted_content'] === 'string';
}
