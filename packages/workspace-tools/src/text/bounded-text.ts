/** Bytes kept free for what is said about a cut. */
const NOTE_BYTES = 768;

/** The least an answer can be held to. */
export const MIN_OUTPUT_BYTES = 1024;

/** The text of an answer, never longer than `maxBytes` of UTF-8, its notes included. */
export class BoundedText {
  readonly #maxBytes: number;
  #bytes = 0;
  #parts: string[] = [];
  #notes: string[] = [];

  constructor(maxBytes: number) {
    if (maxBytes < MIN_OUTPUT_BYTES) throw new Error(`less than ${MIN_OUTPUT_BYTES} output bytes`);
    this.#maxBytes = maxBytes - NOTE_BYTES;
  }

  /** Characters that one addition may always have in an empty answer. */
  get roomForOne(): number {
    return Math.floor(this.#maxBytes / 3) - 64;
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** Adds the text if it fits; false where it does not. */
  add(text: string): boolean {
    const bytes = Buffer.byteLength(text);
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    this.#parts.push(text);
    return true;
  }

  /** A sentence of ours, set apart from the content by brackets and an empty line. */
  note(sentence: string): void {
    this.#notes.push(`[${sentence}]`);
  }

  toString(): string {
    const content = this.#parts.join('');
    const notes = this.#notes.join('\n');
    if (content === '' || notes === '') return content + notes;
    return `${content}${content.endsWith('\n') ? '' : '\n'}\n${notes}`;
  }
}

export function cutNote(omitted: number): string {
  return omitted === 0 ? '' : ` [line cut: ${omitted} more characters]`;
}
