import type { Clock } from '@kheish/core-model';

/** Milliseconds until a store that an error of the disk has closed is tried again; each time twice as many. */
const FIRST_TRY_MS = 100;
const LAST_TRY_MS = 5_000;

/** Tries until it succeeds, ever less often. */
export class Reopening {
  readonly #clock: Clock;
  readonly #tryNow: () => void;
  readonly #goesOn: (error: unknown) => boolean;
  readonly #stopped = new AbortController();
  #delay = FIRST_TRY_MS;

  /** `tryNow` throws where the disk is not well yet; `goesOn` then says whether it may ever be. */
  constructor(clock: Clock, tryNow: () => void, goesOn: (error: unknown) => boolean) {
    this.#clock = clock;
    this.#tryNow = tryNow;
    this.#goesOn = goesOn;
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
        if (!this.#goesOn(error)) return;
      }
    }
  }

  stop(): void {
    this.#stopped.abort(new Error('the store is closing'));
  }
}
