/**
 * Finds any of many texts in one pass (Aho and Corasick 1975): the work grows with the text that is read and with what
 * is found, not with how many are looked for. A state is a number; 0 has read nothing that could begin one.
 */
export class SecretMatcher {
  /** What follows the state 0, by code unit. */
  readonly #root = new Int32Array(0x1_0000);
  readonly #firstChild: Int32Array;
  readonly #nextSibling: Int32Array;
  readonly #unit: Uint16Array;
  /** The state of the longest proper end of this one's text. */
  readonly #shorter: Int32Array;
  /** Code units at the end that may be the beginning of a text that goes on; before linking, all of the state's. */
  readonly #begun: Int32Array;
  /** Code units of the longest text looked for that ends here; 0 where none does. */
  readonly #found: Int32Array;
  #states = 1;

  constructor(texts: Iterable<string>) {
    const all = [...texts];
    const most = all.reduce((sum, text) => sum + text.length, 1);
    this.#firstChild = new Int32Array(most);
    this.#nextSibling = new Int32Array(most);
    this.#unit = new Uint16Array(most);
    this.#shorter = new Int32Array(most);
    this.#begun = new Int32Array(most);
    this.#found = new Int32Array(most);
    for (const text of all) this.#insert(text);
    this.#link();
  }

  /** Reads on from `state`, and tells of each place where texts end the longest. Gives the state after it. */
  read(text: string, state: number, tell: (end: number, length: number) => void): number {
    const root = this.#root;
    const firstChild = this.#firstChild;
    const nextSibling = this.#nextSibling;
    const units = this.#unit;
    const shorter = this.#shorter;
    const found = this.#found;
    let at = state;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      let next = 0;
      while (at !== 0) {
        next = firstChild[at] as number;
        while (next !== 0 && units[next] !== unit) next = nextSibling[next] as number;
        if (next !== 0) break;
        at = shorter[at] as number;
      }
      at = next === 0 ? (root[unit] as number) : next;
      const length = found[at] as number;
      if (length !== 0) tell(index + 1, length);
    }
    return at;
  }

  /** How many of the last code units read may be the beginning of a text that goes on. */
  begun(state: number): number {
    return this.#begun[state] ?? 0;
  }

  #insert(text: string): void {
    let at = 0;
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      at = this.#child(at, unit) || this.#grow(at, unit);
    }
    this.#found[at] = text.length;
  }

  #child(at: number, unit: number): number {
    if (at === 0) return this.#root[unit] as number;
    let child = this.#firstChild[at] as number;
    while (child !== 0 && this.#unit[child] !== unit) child = this.#nextSibling[child] as number;
    return child;
  }

  #grow(at: number, unit: number): number {
    const child = this.#states;
    this.#states += 1;
    this.#unit[child] = unit;
    this.#begun[child] = (this.#begun[at] as number) + 1;
    this.#nextSibling[child] = this.#firstChild[at] as number;
    this.#firstChild[at] = child;
    if (at === 0) this.#root[unit] = child;
    return child;
  }

  /** By depth, so that shorter states are linked before longer ones. */
  #link(): void {
    const queue = [0];
    for (let turn = 0; turn < queue.length; turn += 1) {
      const at = queue[turn] as number;
      for (
        let child = this.#firstChild[at] as number;
        child !== 0;
        child = this.#nextSibling[child] as number
      ) {
        queue.push(child);
        this.#linkChild(at, child);
      }
    }
  }

  #linkChild(at: number, child: number): void {
    if (at !== 0) {
      const unit = this.#unit[child] as number;
      let end = this.#shorter[at] as number;
      while (end !== 0 && this.#child(end, unit) === 0) end = this.#shorter[end] as number;
      const link = this.#child(end, unit);
      this.#shorter[child] = link;
      if (this.#found[child] === 0) this.#found[child] = this.#found[link] as number;
    }
    const goesOn = this.#firstChild[child] !== 0;
    if (!goesOn) this.#begun[child] = this.#begun[this.#shorter[child] as number] as number;
  }
}
