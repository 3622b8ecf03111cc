import type { Body } from './body.ts';
import { type Message, mapBodies } from './message.ts';

/** Fewer than in most languages and programs, so that an estimate is rather too high. */
const CHARACTERS_PER_TOKEN = 3;

/** UTF-8 bytes of a tool's output that a prompt shows in full; of a longer one it shows the two ends. */
export const SHOWN_OUTPUT_BYTES = 32_000;

/** What stands around a message in the forms of providers. */
const TOKENS_AROUND = 8;

export function tokensOfText(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

export function tokensOfBody(body: Body): number {
  if (typeof body === 'string') return tokensOfText(body);
  return tokensOfBytes(body.bytes);
}

function tokensOfBytes(bytes: number): number {
  return Math.ceil(bytes / CHARACTERS_PER_TOKEN);
}

/** Tokens of a message in a prompt, estimated. */
export function tokensOfMessage(message: Message): number {
  let tokens = TOKENS_AROUND;
  if (message.role === 'tool') {
    return tokens + Math.min(tokensOfBody(message.content), tokensOfBytes(SHOWN_OUTPUT_BYTES));
  }
  mapBodies(message, (body) => {
    tokens += tokensOfBody(body);
    return body;
  });
  if (message.role !== 'assistant') return tokens;
  for (const part of message.parts) {
    if (part.type !== 'tool_call') continue;
    // An erased call has neither.
    tokens += tokensOfText(part.raw_input ?? JSON.stringify(part.input ?? {}));
  }
  return tokens;
}
