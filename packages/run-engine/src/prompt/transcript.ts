import type { Compaction, PromptMessage, SessionState } from '@kheish/core-model';
import type { Store, TranscriptEntry } from '@kheish/state-store';
import { LRUCache } from 'lru-cache';
import { AnsweredCalls } from './answered-calls.ts';
import { compactedHead } from './compacted-head.ts';
import { resolveMessage } from './resolve-message.ts';

/** Characters of JSON of the transcripts kept in memory between two steps. */
const KEPT_CHARACTERS = 8 * 1024 * 1024;

interface Kept {
  readonly calls: AnsweredCalls;
  /** Compactions of the session that it is made by. */
  readonly compactions: number;
  /** Messages read so far. */
  count: number;
  characters: number;
}

/**
 * Transcripts as prompts. What was read once is kept; only what a session's `message_count` says is missing is read
 * again, and all of it after a compaction, so a stale entry cannot be used.
 */
export class Transcripts {
  readonly #store: Store;
  readonly #kept = new LRUCache<string, Kept>({ maxSize: KEPT_CHARACTERS });

  constructor(store: Store) {
    this.#store = store;
  }

  /** The prompt of the session's next call. */
  async prompt(session: SessionState): Promise<readonly PromptMessage[]> {
    const { session_id: sessionId, message_count: count, compaction } = session;
    const before = this.#kept.get(sessionId);
    const isCurrent =
      before !== undefined &&
      before.compactions === (compaction?.count ?? 0) &&
      before.count <= count;
    // Nobody else goes on from here while texts are read.
    this.#kept.delete(sessionId);
    const known = isCurrent ? before : await this.#begun(session);
    while (known.count < count) {
      const entries = this.#read(sessionId, known.count, Math.min(500, count - known.count));
      if (entries.length === 0) break;
      for (const entry of entries) {
        await this.#add(known, sessionId, entry, compaction);
        known.count += 1;
      }
    }
    this.#kept.set(sessionId, known, { size: known.characters });
    return known.calls.prompt();
  }

  forget(sessionId: string): void {
    this.#kept.delete(sessionId);
  }

  /** What stands before the boundary of the last compaction. */
  async #begun({ session_id: sessionId, compaction }: SessionState): Promise<Kept> {
    const calls = new AnsweredCalls();
    if (compaction === undefined) return { calls, compactions: 0, count: 0, characters: 1 };
    const { boundary, request, summary = '', count: compactions } = compaction;
    const known: Kept = { calls, compactions, count: boundary, characters: 1 };
    if (boundary > 0) {
      const text = await this.#store.blobs.text(sessionId, summary);
      const content = compactedHead(compaction, text);
      calls.add({ role: 'user', content });
      known.characters += content.length;
    }
    if (request !== undefined) {
      for (const entry of this.#read(sessionId, request, 1)) {
        await this.#add(known, sessionId, entry, compaction);
      }
    }
    return known;
  }

  async #add(
    known: Kept,
    sessionId: string,
    entry: TranscriptEntry,
    compaction: Compaction | undefined,
  ): Promise<void> {
    const shortened = entry.index < (compaction?.outputs_before ?? 0);
    const resolved = await resolveMessage(this.#store, sessionId, entry, shortened);
    known.calls.add(resolved);
    known.characters += JSON.stringify(resolved).length;
  }

  #read(sessionId: string, from: number, limit: number): TranscriptEntry[] {
    return this.#store.read.messages(sessionId, { from, limit });
  }
}
