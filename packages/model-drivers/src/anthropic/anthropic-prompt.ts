import type {
  ContentBlockParam,
  MessageCreateParamsStreaming,
  MessageParam,
  OutputConfig,
  ThinkingConfigParam,
} from '@anthropic-ai/sdk/resources/messages/messages';
import {
  type ModelRequest,
  type PromptMessage,
  type PromptPart,
  isJsonObject,
} from '@kheish/core-model';
import { encodedItems, encodedList, encodedOnce, withEncoded } from '../http/encoded-prompt.ts';
import { isOwnAnswer } from '../own-answer.ts';
import { ANTHROPIC } from './anthropic-name.ts';

/** The protocol requires a limit; this one is within reach of every current model. */
const DEFAULT_MAX_TOKENS = 32_000;

type AnthropicRequest = Omit<MessageCreateParamsStreaming, 'messages'> & { temperature?: number };

export function anthropicBody(request: ModelRequest): string {
  return withEncoded(anthropicRequest(request), 'messages', conversation(request));
}

const encoded = encodedOnce((message, model) => encodedItems(blocksOf(message, model)));

function anthropicRequest(request: ModelRequest): AnthropicRequest {
  const { model, system, tools, generation } = request;
  const { max_output_tokens = DEFAULT_MAX_TOKENS, temperature, reasoning } = generation;
  return {
    model,
    max_tokens: max_output_tokens,
    stream: true,
    ...(system !== '' && { system }),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, inputSchema }) => ({
        name,
        description,
        input_schema: { ...inputSchema, type: 'object' as const },
      })),
    }),
    ...(temperature !== undefined && { temperature }),
    ...(reasoning?.effort !== undefined && thinking(model, reasoning.effort, max_output_tokens)),
  };
}

/** Models up to 4.5 are given a budget; later ones an effort, and refuse a budget. */
const BUDGETED = /claude-(?:3|[a-z]+-4(?:-[0-5])?(?:[-@]\d{8})?$)/;
const budgets = { minimal: 1024, low: 4096, medium: 8192, high: 16_384, xhigh: 24_576 } as const;

type Effort = NonNullable<NonNullable<ModelRequest['generation']['reasoning']>['effort']>;

function thinking(
  model: string,
  effort: Effort,
  maxTokens: number,
): { thinking: ThinkingConfigParam; output_config?: OutputConfig } {
  if (effort === 'none') return { thinking: { type: 'disabled' } };
  if (BUDGETED.test(model)) {
    // The budget must leave room for an answer.
    const budget_tokens = Math.max(1024, Math.min(budgets[effort], maxTokens - 1024));
    return { thinking: { type: 'enabled', budget_tokens } };
  }
  return {
    thinking: { type: 'adaptive', display: 'summarized' },
    output_config: { effort: effort === 'minimal' ? 'low' : effort },
  };
}

/** User texts and tool results that follow each other are one message, as the protocol wants them. */
function conversation({ messages, model }: ModelRequest): string {
  const turns: { role: MessageParam['role']; content: string[] }[] = [];
  for (const [index, message] of messages.entries()) {
    const isLast = index === messages.length - 1;
    const content = isLast
      ? encodedItems(withCacheMark(blocksOf(message, model)))
      : encoded(message, model);
    if (content === '') continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(content);
    else turns.push({ role, content: [content] });
  }
  return encodedList(
    turns.map(({ role, content }) => withEncoded({ role }, 'content', encodedList(content))),
  );
}

function blocksOf(message: PromptMessage, model: string): ContentBlockParam[] {
  if (message.role === 'user') return [{ type: 'text', text: message.content }];
  if (message.role === 'tool') {
    return [
      {
        type: 'tool_result',
        tool_use_id: toolUseId(message.tool_call_id),
        content: message.content,
        ...(message.is_error && { is_error: true }),
      },
    ];
  }
  const own = isOwnAnswer(message, ANTHROPIC, model);
  return message.parts.flatMap((part) => assistantBlock(part, own));
}

function assistantBlock(part: PromptPart, own: boolean): ContentBlockParam[] {
  if (part.type === 'tool_call') {
    const { tool_call_id, tool_name: name, input = {} } = part;
    return [{ type: 'tool_use', id: toolUseId(tool_call_id), name, input }];
  }
  if (part.type === 'reasoning') return own ? thinkingBlock(part) : [];
  // The protocol refuses empty texts.
  return part.text === '' ? [] : [{ type: 'text', text: part.text }];
}

/** A thinking block is valid only with the signature, or as the ciphertext, that came with it. */
function thinkingBlock(part: Extract<PromptPart, { type: 'reasoning' }>): ContentBlockParam[] {
  if (!isJsonObject(part.opaque)) return [];
  const { data, signature } = part.opaque;
  if (typeof data === 'string') return [{ type: 'redacted_thinking', data }];
  if (typeof signature !== 'string') return [];
  return [{ type: 'thinking', thinking: part.text ?? '', signature }];
}

/** Ids made by other providers may have characters that this one refuses. */
function toolUseId(id: string): string {
  return id.replace(/[^\w-]/g, '_');
}

/** What was sent once is read from the provider's cache in the next step of the loop. */
function withCacheMark(blocks: ContentBlockParam[]): ContentBlockParam[] {
  const block = blocks.at(-1);
  if (block?.type === 'tool_result' || (block?.type === 'text' && block.text !== '')) {
    block.cache_control = { type: 'ephemeral' };
  }
  return blocks;
}
