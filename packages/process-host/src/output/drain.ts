import { Socket } from 'node:net';
import type { Clock } from '@kheish/core-model';
import type { FileSink } from './file-sink.ts';
import { HeadAndTail, type KeptOutput } from './head-and-tail.ts';

const READ_BYTES = 65_536;
/** After so many bytes in a row the others of this process have their turn. */
const BURST_BYTES = 4_194_304;
const REST_MS = 1;

/** Changes what is printed before anyone sees it, into as many bytes. */
export interface ByteFilter {
  /** What can be shown by now. */
  push(bytes: Uint8Array): Uint8Array;
  /** What was held back. */
  end(): Uint8Array;
}

export interface OutputBounds {
  /** Bytes kept from the beginning. */
  readonly headBytes: number;
  /** Bytes kept from the end. */
  readonly tailBytes: number;
}

/** Reads a pipe to its end, whatever is printed, in a room of fixed size. */
export class Drain {
  readonly #output: HeadAndTail;
  readonly #socket: Socket;
  readonly #sink: FileSink | undefined;
  readonly #clock: Clock;
  readonly #filter: ByteFilter | undefined;
  #burst = 0;
  /** Resolves when no process has the pipe open any more. */
  readonly ended: Promise<void>;

  constructor(
    reader: number,
    bounds: OutputBounds,
    clock: Clock,
    sink?: FileSink,
    filter?: ByteFilter,
  ) {
    this.#output = new HeadAndTail(bounds.headBytes, bounds.tailBytes);
    this.#clock = clock;
    this.#sink = sink;
    this.#filter = filter;
    const buffer = Buffer.alloc(READ_BYTES);
    this.#socket = new Socket({
      fd: reader,
      readable: true,
      writable: false,
      onread: { buffer, callback: (bytes, data) => this.#take(data.subarray(0, bytes)) },
    });
    this.ended = new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
    }).then(() => this.#finish());
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.resume();
  }

  /** False pauses the reading; what is in `bytes` is overwritten by the next. */
  #take(read: Uint8Array): boolean {
    const bytes = this.#filter?.push(read) ?? read;
    this.#output.push(bytes);
    this.#burst += read.length;
    const rests = this.#burst >= BURST_BYTES;
    if (rests) this.#burst = 0;
    if (this.#sink === undefined && !rests) return true;
    void this.#pause(bytes, rests).then(() => this.#socket.resume());
    return false;
  }

  async #pause(bytes: Uint8Array, rests: boolean): Promise<void> {
    await this.#sink?.write(bytes);
    if (rests) await this.#clock.sleep(REST_MS);
  }

  async #finish(): Promise<void> {
    const rest = this.#filter?.end() ?? new Uint8Array();
    this.#output.push(rest);
    await this.#sink?.write(rest);
  }

  kept(): KeptOutput {
    return this.#output.kept();
  }

  /** Lets go of the pipe; who prints on gets SIGPIPE. */
  async close(): Promise<void> {
    this.#socket.destroy();
    await this.ended;
  }
}
