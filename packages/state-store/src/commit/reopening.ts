import type { Clock } from '@kheish/core-model';

/** Milliseconds until a store that an error of the disk has closed is tried again; each time twice as many. */
const FIRST_TRY_MS = 100;
const LAST_TRY_MS = 5_000;

/** Tries until it succeeds, ever less often. */
export class Reopening {
  readonly #clock: Clock;
  readonly #tryNow: () => void;
  readonly #onRefusal: (error: unknown) => void;
  readonly #stopped = new AbortController();
  #delay = FIRST_TRY_MS;

  /** `tryNow` throws where the disk is not well yet. */
  constructor(clock: Clock, tryNow: () => void, onRefusal: (error: unknown) => void) {
    this.#clock = clock;
    this.#tryNow = tryNow;
    this.#onRefusal = onRefusal;
  }

  /** The disk took a commit: the next trouble is a new one. */
  allWell(): void {
    this.#delay = FIRST_TRY_MS;
  }

  async begin(): Promise<void> {
    const { signal } = this.#stopped;
    for (;;) {
      try {
        await this.#clock.sleep(this.#delay, signal);
      } catch {
        return;
      }
      this.#delay = Math.min(this.#delay * 2, LAST_TRY_MS);
      try {
        return this.#tryNow();
      } catch (error) {
        this.#onRefusal(error);
      }
    }
  }

  stop(): void {
    this.#stopped.abort(new Error('the store is closing'));
  }
}
