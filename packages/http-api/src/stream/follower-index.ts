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

  /** Calls `offer` with each follower of an event of this session and run. Runs for each word that a model says. */
  forEach(
    sessionId: string | undefined,
    runId: string | undefined,
    offer: (follower: F) => void,
  ): void {
    for (const follower of this.#unfiltered) offer(follower);
    const ofSession = sessionId === undefined ? undefined : this.#bySession.get(sessionId);
    if (ofSession !== undefined) for (const follower of ofSession) offer(follower);
    const ofRun = runId === undefined ? undefined : this.#byRun.get(runId);
    if (ofRun === undefined) return;
    for (const follower of ofRun) {
      const { filter } = follower;
      if (filter.sessionId === undefined || filter.sessionId === sessionId) offer(follower);
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
