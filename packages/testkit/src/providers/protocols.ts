import { type JsonObject, isJsonObject } from '@kheish/core-model';
import { anthropicFrames } from './anthropic-frames.ts';
import { chatFrames, xaiFrames } from './chat-frames.ts';
import { googleFrames } from './google-frames.ts';
import { responsesFrames } from './responses-frames.ts';
import type { FakeReply, Frames } from './turn.ts';

export type FakeProtocol = 'anthropic' | 'google' | 'openai-responses' | 'chat-completions' | 'xai';

interface Protocol {
  /** What a base URL ends with. */
  readonly root: string;
  /** What follows it; the group is the model, where the path names it. */
  readonly path: RegExp;
  readonly frames: (reply: FakeReply) => Frames;
  readonly conversation: (body: JsonObject) => unknown;
  readonly errorBody: (status: number) => JsonObject;
}

export const protocols: Record<FakeProtocol, Protocol> = {
  anthropic: {
    root: '/v1',
    path: /^\/messages$/,
    frames: anthropicFrames,
    conversation: (body) => body['messages'],
    errorBody: (status) => ({
      type: 'error',
      error: { type: anthropicErrorType(status), message: `fake error ${status}` },
    }),
  },
  google: {
    root: '/v1beta',
    path: /^\/models\/([^/?]+):streamGenerateContent\?alt=sse$/,
    frames: googleFrames,
    conversation: (body) => body['contents'],
    errorBody: (status) => ({
      error: { code: status, message: `fake error ${status}`, status: 'FAKE' },
    }),
  },
  'openai-responses': {
    root: '/v1',
    path: /^\/responses$/,
    frames: responsesFrames,
    conversation: (body) => body['input'],
    errorBody: (status) => ({ error: { message: `fake error ${status}`, type: 'x', code: null } }),
  },
  'chat-completions': {
    root: '/v1',
    path: /^\/chat\/completions$/,
    frames: chatFrames,
    conversation: (body) => body['messages'],
    errorBody: (status) => ({ error: { message: `fake error ${status}`, code: status } }),
  },
  xai: {
    root: '/v1',
    path: /^\/chat\/completions$/,
    frames: xaiFrames,
    conversation: (body) => body['messages'],
    errorBody: (status) => ({ code: 'A fake error', error: `fake error ${status}` }),
  },
};

/** What speaks to each driver. A driver that is not in this table fails a test of model-drivers. */
export const fakeProtocolOf = {
  anthropic: 'anthropic',
  google: 'google',
  openai: 'openai-responses',
  openai_compatible: 'chat-completions',
  openrouter: 'chat-completions',
  xai: 'xai',
} as const satisfies Record<string, FakeProtocol>;

export type NetworkDriver = keyof typeof fakeProtocolOf;

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
    const text = textOf(message['content'] ?? message['parts']);
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
