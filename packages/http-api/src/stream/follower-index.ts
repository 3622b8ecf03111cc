import type { FeedFilter } from './feed.ts';

interface Filtered {
  readonly filter: FeedFilter;
}

/** Who follows what, so that an event costs nothing for those who follow something else. */
export class FollowerIndex<F extends Filtered> {
  readonly #everyone = new Set<F>();
  readonly #unfiltered = new Set<F>();
  readonly #bySession = new Map<string, Set<F>>();
  readonly #byRun = new Map<string, Set<F>>();

  get size(): number {
    return this.#everyone.size;
  }

  all(): F[] {
    return [...this.#everyone];
  }

  add(follower: F): void {
    this.#everyone.add(follower);
    const { runId, sessionId } = follower.filter;
    if (runId !== undefined) addTo(this.#byRun, runId, follower);
    else if (sessionId !== undefined) addTo(this.#bySession, sessionId, follower);
    else this.#unfiltered.add(follower);
  }

  delete(follower: F): void {
    this.#everyone.delete(follower);
    this.#unfiltered.delete(follower);
    const { runId, sessionId } = follower.filter;
    if (runId !== undefined) deleteFrom(this.#byRun, runId, follower);
    else if (sessionId !== undefined) deleteFrom(this.#bySession, sessionId, follower);
  }

  /** The followers of an event of this session and run. */
  *of(subject: FeedFilter): Generator<F> {
    yield* this.#unfiltered;
    if (subject.sessionId !== undefined) yield* this.#bySession.get(subject.sessionId) ?? [];
    if (subject.runId === undefined) return;
    for (const follower of this.#byRun.get(subject.runId) ?? []) {
      const { sessionId } = follower.filter;
      if (sessionId === undefined || sessionId === subject.sessionId) yield follower;
    }
  }
}

function addTo<F>(index: Map<string, Set<F>>, key: string, follower: F): void {
  const followers = index.get(key) ?? new Set();
  index.set(key, followers.add(follower));
}

function deleteFrom<F>(index: Map<string, Set<F>>, key: string, follower: F): void {
  const followers = index.get(key);
  followers?.delete(follower);
  if (followers?.size === 0) index.delete(key);
}
