import { KheishError } from '@kheish/core-model';

/** Counts what passes, and ends it at a bound; `isCut` says whether there was more. */
export class BoundedBytes {
  readonly maxBytes: number;
  isCut = false;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  async *of(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let room = this.maxBytes;
    try {
      for await (const chunk of bytes) {
        if (chunk.byteLength > room) {
          this.isCut = true;
          yield chunk.subarray(0, room);
          return;
        }
        room -= chunk.byteLength;
        yield chunk;
      }
    } catch (thrown) {
      // What egress does not take in any more is cut as well.
      if (!(thrown instanceof KheishError) || thrown.code !== 'egress/response_too_large') {
        throw thrown;
      }
      this.isCut = true;
    }
  }
}
