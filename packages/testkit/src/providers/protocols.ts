import { type JsonObject, isJsonObject } from '@kheish/core-model';
import { anthropicFrames } from './anthropic-frames.ts';
import { chatFrames } from './chat-frames.ts';
import { responsesFrames } from './responses-frames.ts';
import type { FakeReply, Frames } from './turn.ts';

export type FakeProtocol = 'anthropic' | 'openai-responses' | 'chat-completions';

interface Protocol {
  readonly path: string;
  readonly frames: (reply: FakeReply) => Frames;
  readonly conversation: (body: JsonObject) => unknown;
  readonly errorBody: (status: number) => JsonObject;
}

export const protocols: Record<FakeProtocol, Protocol> = {
  anthropic: {
    path: '/v1/messages',
    frames: anthropicFrames,
    conversation: (body) => body['messages'],
    errorBody: (status) => ({
      type: 'error',
      error: { type: anthropicErrorType(status), message: `fake error ${status}` },
    }),
  },
  'openai-responses': {
    path: '/v1/responses',
    frames: responsesFrames,
    conversation: (body) => body['input'],
    errorBody: (status) => ({ error: { message: `fake error ${status}`, type: 'x', code: null } }),
  },
  'chat-completions': {
    path: '/v1/chat/completions',
    frames: chatFrames,
    conversation: (body) => body['messages'],
    errorBody: (status) => ({ error: { message: `fake error ${status}`, code: status } }),
  },
};

function anthropicErrorType(status: number): string {
  const types: Record<number, string> = {
    401: 'authentication_error',
    403: 'permission_error',
    429: 'rate_limit_error',
    500: 'api_error',
    529: 'overloaded_error',
  };
  return types[status] ?? 'invalid_request_error';
}

/** The last text a user said, in any of the protocols. */
export function lastUserText(conversation: unknown): string {
  if (!Array.isArray(conversation)) return '';
  for (const message of conversation.toReversed() as unknown[]) {
    if (!isJsonObject(message) || message['role'] !== 'user') continue;
    const text = textOf(message['content']);
    if (text !== '') return text;
  }
  return '';
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return (content as unknown[])
    .filter(isJsonObject)
    .map((part) => (typeof part['text'] === 'string' ? part['text'] : ''))
    .join('');
}
