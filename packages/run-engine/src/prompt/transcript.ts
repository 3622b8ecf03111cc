import {
  type AssistantPart,
  type Body,
  type Message,
  type PromptMessage,
  type PromptPart,
} from '@kheish/core-model';
import type { Store } from '@kheish/state-store';
import { withEveryCallAnswered } from './answered-calls.ts';

/** Sessions whose transcript is kept in memory between two steps. */
const KEPT_SESSIONS = 128;

/**
 * Transcripts as prompts, every text in full. What was read once is kept; only what a session's
 * `message_count` says is missing is read again, so a stale entry cannot be used.
 */
export class Transcripts {
  readonly #store: Store;
  readonly #kept = new Map<string, PromptMessage[]>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The first `count` messages of a session. */
  async prompt(sessionId: string, count: number): Promise<readonly PromptMessage[]> {
    const known = this.#kept.get(sessionId) ?? [];
    this.#kept.delete(sessionId);
    while (known.length < count) {
      const options = { from: known.length, limit: Math.min(500, count - known.length) };
      const entries = this.#store.read.messages(sessionId, options);
      if (entries.length === 0) break;
      for (const { message } of entries) known.push(await this.#resolve(sessionId, message));
    }
    this.#kept.set(sessionId, known);
    if (this.#kept.size > KEPT_SESSIONS) {
      const oldest = this.#kept.keys().next().value;
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return withEveryCallAnswered(known.slice(0, count));
  }

  forget(sessionId: string): void {
    this.#kept.delete(sessionId);
  }

  async #resolve(sessionId: string, message: Message): Promise<PromptMessage> {
    const text = (body: Body) => this.#store.blobs.text(sessionId, body);
    if (message.role !== 'assistant') return { ...message, content: await text(message.content) };
    const parts: PromptPart[] = [];
    for (const part of message.parts) parts.push(await resolvePart(part, text));
    return { role: 'assistant', parts, driver: message.driver };
  }
}

async function resolvePart(
  part: AssistantPart,
  text: (body: Body) => Promise<string>,
): Promise<PromptPart> {
  if (part.type === 'text') return { type: 'text', text: await text(part.text) };
  if (part.type !== 'reasoning') return part;
  const { text: body, ...rest } = part;
  return body === undefined ? rest : { ...rest, text: await text(body) };
}
