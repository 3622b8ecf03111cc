import { KheishError } from '@kheish/core-model';

/** Bytes that may wait for the reader before the sender is told to pause. */
const HIGH_WATER_BYTES = 256 * 1024;

/** What the body may do to the connection it comes from. */
export interface BodySource {
  pause(): void;
  resume(): void;
  /** The reader left before the end. */
  abandon(): void;
}

/** The bytes of one response, read once. Chunks come as they arrived. */
export class ResponseBody implements AsyncIterable<Uint8Array> {
  readonly #source: BodySource;
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #queuedBytes = 0;
  #totalBytes = 0;
  #paused = false;
  #ended = false;
  #abandoned = false;
  #failure: Error | undefined = undefined;
  #wake: (() => void) | undefined;

  constructor(source: BodySource, maxBytes: number) {
    this.#source = source;
    this.#maxBytes = maxBytes;
  }

  /** Answers an error when the response is longer than it may be. */
  push(chunk: Uint8Array): KheishError | undefined {
    this.#totalBytes += chunk.byteLength;
    if (this.#totalBytes > this.#maxBytes) {
      return new KheishError(
        'egress/response_too_large',
        `The response is longer than ${this.#maxBytes} bytes.`,
      );
    }
    if (this.#abandoned) return undefined;
    this.#chunks.push(chunk);
    this.#queuedBytes += chunk.byteLength;
    if (this.#queuedBytes > HIGH_WATER_BYTES && !this.#paused) {
      this.#paused = true;
      this.#source.pause();
    }
    this.#wake?.();
    return undefined;
  }

  /** No more bytes come: complete, or broken by `failure`. */
  end(failure?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#wake?.();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return { next: () => this.#next(), return: () => this.#leave() };
  }

  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#queuedBytes -= chunk.byteLength;
        if (this.#paused && this.#queuedBytes < HIGH_WATER_BYTES / 2) {
          this.#paused = false;
          this.#source.resume();
        }
        return { done: false, value: chunk };
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended || this.#abandoned) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #leave(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#chunks = [];
    if (!this.#ended && !this.#abandoned) {
      this.#abandoned = true;
      if (this.#paused) this.#source.resume();
      this.#source.abandon();
    }
    return { done: true, value: undefined };
  }
}
