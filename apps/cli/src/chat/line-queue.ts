import type { Interface } from 'node:readline';

/** Lines as they were typed, kept until somebody asks; but for those that `taken` takes at once. */
export class LineQueue {
  readonly #lines: string[] = [];
  #closed = false;
  #waiting: ((line: string | undefined) => void) | undefined;

  constructor(reading: Interface, taken: (line: string) => boolean) {
    reading.on('line', (line) => {
      if (taken(line)) return;
      if (this.#waiting === undefined) this.#lines.push(line);
      else this.#hand(line);
    });
    reading.on('close', () => {
      this.#closed = true;
      this.#hand(undefined);
    });
  }

  /** The next line; undefined after the last. */
  async next(): Promise<string | undefined> {
    const line = this.#lines.shift();
    if (line !== undefined || this.#closed) return line;
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #hand(line: string | undefined): void {
    this.#waiting?.(line);
    this.#waiting = undefined;
  }
}
