/** Parts of a text, in order and apart from each other. */
export class Stretches {
  #parts: (readonly [begin: number, end: number])[] = [];

  /** Ends are told in order; what overlaps becomes one. */
  add(begin: number, end: number): void {
    let from = begin;
    for (let last = this.#parts.at(-1); last !== undefined && from < last[1];) {
      from = Math.min(from, last[0]);
      this.#parts.pop();
      last = this.#parts.at(-1);
    }
    this.#parts.push([from, end]);
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** `limit`, or the beginning of the stretch that goes on behind it. */
  safeEnd(limit: number): number {
    const last = this.#parts.at(-1);
    return last !== undefined && last[1] > limit ? Math.min(limit, last[0]) : limit;
  }

  /** The text up to `until` with marks in the places of its stretches; these are over, the others move to the front. */
  replaceUntil(text: string, until: number, mark: (length: number) => string): string {
    let result = '';
    let from = 0;
    const rest: (readonly [number, number])[] = [];
    for (const [begin, end] of this.#parts) {
      if (end > until) {
        rest.push([begin - until, end - until]);
        continue;
      }
      result += text.slice(from, begin) + mark(end - begin);
      from = end;
    }
    this.#parts = rest;
    return result + text.slice(from, until);
  }
}
