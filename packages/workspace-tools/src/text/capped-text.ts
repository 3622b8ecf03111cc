// Controls, and what has no shape or turns the direction: models read what people do not see.
const unseen =
  // eslint-disable-next-line no-control-regex, no-misleading-character-class
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** Text as people would see it, up to a bound of characters (UTF-16 units) and one of UTF-8 bytes. */
export class CappedText {
  #parts: string[] = [];
  #chars: number;
  #bytes: number;
  #isCut = false;

  constructor(maxChars: number, maxBytes: number) {
    this.#chars = maxChars;
    this.#bytes = maxBytes;
  }

  /** Something did not fit; nothing fits from then on. */
  get isCut(): boolean {
    return this.#isCut;
  }

  add(text: string): void {
    if (this.#isCut) return;
    const seen = text.replace(unseen, '');
    let kept = seen.slice(0, this.#chars);
    if (Buffer.byteLength(kept) > this.#bytes) kept = headOfBytes(kept, this.#bytes);
    this.#isCut = kept.length < seen.length;
    // A cut between the halves of a surrogate pair would leave half a character.
    if (this.#isCut) kept = kept.replace(/[\ud800-\udbff]$/, '');
    this.#chars -= kept.length;
    this.#bytes -= Buffer.byteLength(kept);
    if (kept !== '') this.#parts.push(kept);
  }

  toString(): string {
    return this.#parts.join('');
  }
}

function headOfBytes(text: string, maxBytes: number): string {
  return Buffer.from(text.slice(0, maxBytes))
    .subarray(0, maxBytes)
    .toString()
    .replace(/\ufffd+$/, '');
}
