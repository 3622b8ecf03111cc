type Form = (line: string) => string;

/** How lines may be compared, the strictest first. */
export const forLines: readonly Form[] = [(line) => line, (line) => line.trimEnd()];
export const forAnchors: readonly Form[] = [(line) => line, (line) => line.trim()];

/** Finds runs of lines in a text. */
export class LineIndex {
  readonly #lines: readonly string[];
  readonly #positions = new Map<Form, Map<string, number[]>>();

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  /**
   * The first few places, from `from` on, at which the lines stand one after the other, in the strictest of the forms in
   * which they do anywhere.
   */
  find(lines: readonly string[], from: number, max: number, forms: readonly Form[]): number[] {
    for (const form of forms) {
      const found = this.#find(lines.map(form), from, max, form);
      if (found.length > 0) return found;
    }
    return [];
  }

  #find(searched: readonly string[], from: number, max: number, form: Form): number[] {
    // Only where the rarest of the lines stands can they all stand.
    const index = this.#positionsIn(form);
    const places = searched.map((line) => index.get(line) ?? []);
    const fewest = places.reduce((least, { length }) => Math.min(least, length), Infinity);
    const offset = places.findIndex(({ length }) => length === fewest);
    const found: number[] = [];
    for (const place of places[offset] ?? []) {
      const start = place - offset;
      if (start < from || start + searched.length > this.#lines.length) continue;
      if (!searched.every((line, at) => form(this.#lines[start + at] ?? '') === line)) continue;
      found.push(start);
      if (found.length === max) break;
    }
    return found;
  }

  #positionsIn(form: Form): Map<string, number[]> {
    const known = this.#positions.get(form);
    if (known !== undefined) return known;
    const positions = new Map<string, number[]>();
    for (const [at, line] of this.#lines.entries()) {
      const key = form(line);
      const places = positions.get(key);
      if (places === undefined) positions.set(key, [at]);
      else places.push(at);
    }
    this.#positions.set(form, positions);
    return positions;
  }
}
