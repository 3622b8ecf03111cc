import {
  type AssistantPart,
  type Body,
  type Message,
  type PromptMessage,
  type PromptPart,
  isBlobRef,
} from '@kheish/core-model';
import type { Store } from '@kheish/state-store';
import { LRUCache } from 'lru-cache';
import { AnsweredCalls } from './answered-calls.ts';
import { shownOutput } from './shown-output.ts';

/** Characters of JSON of the transcripts kept in memory between two steps. */
const KEPT_CHARACTERS = 8 * 1024 * 1024;

interface Kept {
  readonly calls: AnsweredCalls;
  /** Messages read so far. */
  count: number;
  characters: number;
}

/**
 * Transcripts as prompts. What was read once is kept; only what a session's
 * `message_count` says is missing is read again, so a stale entry cannot be used.
 */
export class Transcripts {
  readonly #store: Store;
  readonly #kept = new LRUCache<string, Kept>({ maxSize: KEPT_CHARACTERS });

  constructor(store: Store) {
    this.#store = store;
  }

  /** The first `count` messages of a session. */
  async prompt(sessionId: string, count: number): Promise<readonly PromptMessage[]> {
    const before = this.#kept.get(sessionId);
    const known =
      before !== undefined && before.count <= count
        ? before
        : { calls: new AnsweredCalls(), count: 0, characters: 1 };
    // Nobody else goes on from here while texts are read.
    this.#kept.delete(sessionId);
    while (known.count < count) {
      const options = { from: known.count, limit: Math.min(500, count - known.count) };
      const entries = this.#store.read.messages(sessionId, options);
      if (entries.length === 0) break;
      for (const { index, message } of entries) {
        const resolved = await this.#resolve(sessionId, index, message);
        known.calls.add(resolved);
        known.count += 1;
        known.characters += JSON.stringify(resolved).length;
      }
    }
    this.#kept.set(sessionId, known, { size: known.characters });
    return known.calls.prompt();
  }

  forget(sessionId: string): void {
    this.#kept.delete(sessionId);
  }

  async #resolve(sessionId: string, index: number, message: Message): Promise<PromptMessage> {
    const text = (body: Body) => this.#store.blobs.text(sessionId, body);
    if (message.role === 'user') return { ...message, content: await text(message.content) };
    if (message.role === 'tool') {
      const { content } = message;
      const full = await text(content);
      if (!isBlobRef(content)) return { ...message, content: full };
      return { ...message, content: shownOutput(full, { index, digest: content.blob }) };
    }
    const parts: PromptPart[] = [];
    for (const part of message.parts) parts.push(await resolvePart(part, text));
    return { role: 'assistant', parts, driver: message.driver, model: message.model };
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
