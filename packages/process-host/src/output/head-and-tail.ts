/** What was printed first and last. */
export interface KeptOutput {
  readonly head: Buffer;
  readonly tail: Buffer;
  /** Bytes between head and tail that are not kept. */
  readonly omitted: number;
  /** All bytes that were printed. */
  readonly total: number;
}

/** Keeps the first and the last bytes of a stream in a fixed room. */
export class HeadAndTail {
  readonly #head: Buffer;
  #headLength = 0;
  /** A ring: the oldest byte is overwritten next. */
  readonly #ring: Buffer;
  #ringTotal = 0;

  constructor(headBytes: number, tailBytes: number) {
    this.#head = Buffer.alloc(headBytes);
    this.#ring = Buffer.alloc(tailBytes);
  }

  push(bytes: Uint8Array): void {
    const room = Math.min(this.#head.length - this.#headLength, bytes.length);
    this.#head.set(bytes.subarray(0, room), this.#headLength);
    this.#headLength += room;
    const rest = bytes.subarray(room);
    const size = this.#ring.length;
    const kept = rest.subarray(Math.max(0, rest.length - size));
    const at = (this.#ringTotal + rest.length - kept.length) % Math.max(size, 1);
    const untilEdge = Math.min(kept.length, size - at);
    this.#ring.set(kept.subarray(0, untilEdge), at);
    this.#ring.set(kept.subarray(untilEdge), 0);
    this.#ringTotal += rest.length;
  }

  kept(): KeptOutput {
    const size = this.#ring.length;
    const length = Math.min(this.#ringTotal, size);
    const oldest = this.#ringTotal > size ? this.#ringTotal % size : 0;
    const tail = Buffer.concat([
      this.#ring.subarray(oldest, length),
      this.#ring.subarray(0, this.#ringTotal > size ? oldest : 0),
    ]);
    return {
      head: Buffer.from(this.#head.subarray(0, this.#headLength)),
      tail,
      omitted: this.#ringTotal - length,
      total: this.#headLength + this.#ringTotal,
    };
  }
}
