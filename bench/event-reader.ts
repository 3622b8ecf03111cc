import { type IncomingMessage, get } from 'node:http';

const separator = Buffer.from('\n\n');

/** One connection to an event stream that counts frames and keeps nothing. */
export class EventReader {
  /** Frames and comments that have come; the first is the comment that opens the stream. */
  frames = 0;
  bytes = 0;
  #last = 0;
  #waiting: { readonly frames: number; readonly done: () => void } | undefined;
  readonly #response: IncomingMessage;

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.on('data', (piece: Buffer) => this.#take(piece));
    response.on('error', () => undefined);
  }

  static open(url: string): Promise<EventReader> {
    return new Promise((resolve, reject) => {
      const request = get(url, { agent: false }, (response) => {
        if (response.statusCode === 200) resolve(new EventReader(response));
        else reject(new Error(`${url}: ${response.statusCode}`));
      });
      request.on('error', reject);
    });
  }

  /** Resolves when so many frames have come. */
  until(frames: number): Promise<void> {
    if (this.frames >= frames) return Promise.resolve();
    return new Promise((done) => (this.#waiting = { frames, done }));
  }

  close(): void {
    this.#response.destroy();
  }

  #take(piece: Buffer): void {
    this.bytes += piece.length;
    // A separator may be cut in two between pieces.
    if (this.#last === 10 && piece[0] === 10) this.frames += 1;
    let at = piece.indexOf(separator);
    while (at >= 0) {
      this.frames += 1;
      at = piece.indexOf(separator, at + 2);
    }
    this.#last = piece.at(-1) ?? 0;
    if (this.#waiting !== undefined && this.frames >= this.#waiting.frames) {
      this.#waiting.done();
      this.#waiting = undefined;
    }
  }
}
