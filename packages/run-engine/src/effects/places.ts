/** At most so many at once, in all and of one kind. Who finds no place waits; whoever came first of those who can goes first. */
export class Places {
  readonly #total: number;
  readonly #perKind: number;
  #taken = 0;
  readonly #takenBy = new Map<string, number>();
  readonly #waiting = new Set<{ readonly kind: string; readonly enter: () => void }>();

  constructor(limits: { total: number; perKind: number }) {
    this.#total = limits.total;
    this.#perKind = limits.perKind;
  }

  /**
   * Takes a place, at once where there is one: then there is nothing to wait for. Rejects with the reason of an abort
   * that comes before. Who has entered must leave.
   */
  enter(kind: string, signal: AbortSignal): Promise<void> | undefined {
    signal.throwIfAborted();
    if (!this.#isFree(kind)) return this.#placeFor(kind, signal);
    this.#take(kind);
    return undefined;
  }

  leave(kind: string): void {
    this.#taken -= 1;
    const left = (this.#takenBy.get(kind) ?? 1) - 1;
    if (left > 0) this.#takenBy.set(kind, left);
    else this.#takenBy.delete(kind);
    for (const waiter of this.#waiting) {
      if (this.#taken >= this.#total) return;
      if (this.#isFree(waiter.kind)) waiter.enter();
    }
  }

  #placeFor(kind: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(waiter);
        reject(signal.reason as Error);
      };
      const waiter = {
        kind,
        enter: () => {
          signal.removeEventListener('abort', onAbort);
          this.#waiting.delete(waiter);
          this.#take(kind);
          resolve();
        },
      };
      this.#waiting.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #isFree(kind: string): boolean {
    return this.#taken < this.#total && (this.#takenBy.get(kind) ?? 0) < this.#perKind;
  }

  #take(kind: string): void {
    this.#taken += 1;
    this.#takenBy.set(kind, (this.#takenBy.get(kind) ?? 0) + 1);
  }
}
