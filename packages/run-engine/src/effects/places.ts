interface Waiter {
  readonly kind: string;
  readonly most: number;
  readonly enter: () => void;
}

/** At most so many at once, in all and of one kind, or fewer where somebody says so. Who finds no place waits; whoever came first of those who can goes first. */
export class Places {
  readonly #total: number;
  readonly #perKind: number;
  #taken = 0;
  readonly #takenBy = new Map<string, number>();
  readonly #waiting = new Set<Waiter>();

  constructor(limits: { total: number; perKind: number }) {
    this.#total = limits.total;
    this.#perKind = limits.perKind;
  }

  /**
   * Takes a place, at once where there is one: then there is nothing to wait for. Rejects with the reason of an abort
   * that comes before. Who has entered must leave.
   */
  enter(kind: string, signal: AbortSignal, most = this.#perKind): Promise<void> | undefined {
    signal.throwIfAborted();
    if (!this.#isFree(kind, most)) return this.#placeFor(kind, most, signal);
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
      if (this.#isFree(waiter.kind, waiter.most)) waiter.enter();
    }
  }

  #placeFor(kind: string, most: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        kind,
        most,
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

  #isFree(kind: string, most: number): boolean {
    const ofKind = Math.min(most, this.#perKind);
    return this.#taken < this.#total && (this.#takenBy.get(kind) ?? 0) < ofKind;
  }

  #take(kind: string): void {
    this.#taken += 1;
    this.#takenBy.set(kind, (this.#takenBy.get(kind) ?? 0) + 1);
  }
}
