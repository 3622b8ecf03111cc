/** What is waited for: room on a route, or in the daemon as a whole where there is no route's id. */
export type Awaited = string | undefined;

/**
 * What sessions that have work and nothing under way wait for. Who comes while others wait does not go before them: the
 * dispatcher calls them in their order. May name what nobody waits for any more; never leaves out what somebody does.
 */
export class WaitingLine {
  #line: ReadonlySet<Awaited> = new Set();
  #joined = new Set<Awaited>();

  get isEmpty(): boolean {
    return this.#line.size === 0 && this.#joined.size === 0;
  }

  isEmptyFor(routeId: string): boolean {
    const waits = (awaited: Awaited) => this.#line.has(awaited) || this.#joined.has(awaited);
    return !waits(undefined) && !waits(routeId);
  }

  join(awaited: Awaited): void {
    this.#joined.add(awaited);
  }

  /** Who joins from here on is not among those who are called now. */
  startCalling(): void {
    this.#line = new Set([...this.#line, ...this.#joined]);
    this.#joined = new Set();
  }

  /** Those who were called have begun; what is still waited for, beside what was joined meanwhile. */
  endCalling(left: readonly Awaited[]): void {
    this.#line = new Set(left);
  }
}
