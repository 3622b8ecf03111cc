import { StringDecoder } from 'node:string_decoder';
import { KheishError, type ModelEvent } from '@kheish/core-model';
import { type EventSourceParser, createParser } from 'eventsource-parser';
import type { ProviderFault } from './provider-error.ts';

const MAX_EVENT_CHARACTERS = 32 * 1024 * 1024;

/** Turns the data of a protocol's frames into model events, in order. */
export interface FrameReader {
  /** The data field of one server-sent event. */
  read(data: string): void;
  /** The stream ended in good order; for protocols whose last frame is optional. */
  end?(): void;
}

export type Emit = (event: ModelEvent) => void;
/** The error for what the provider reported inside the stream. */
export type Failed = (fault: ProviderFault) => KheishError;
export type MakeReader = (emit: Emit, failed: Failed) => FrameReader;

export interface EventSource {
  /** Asks for the bytes, once the first event is wanted. */
  readonly open: () => Promise<AsyncIterable<Uint8Array>>;
  readonly makeReader: MakeReader;
  readonly failed: Failed;
  /** What is thrown for an error of the bytes. */
  readonly named: (error: Error) => Error;
}

/**
 * The model events of a byte stream of server-sent events. Bytes that amount to no event are `alive`.
 * Throws `models/stream_cut` when the stream ends before `done`, and what the frame reader and the bytes throw.
 * No generator: several of them in a row cost a token more than its parsing.
 */
export class ModelEvents implements AsyncIterableIterator<ModelEvent, undefined> {
  readonly #source: EventSource;
  readonly #reader: FrameReader;
  readonly #parser: EventSourceParser;
  // One decoder for the whole stream, so that a character split between chunks survives.
  readonly #decoder = new StringDecoder('utf8');
  #bytes: AsyncIterator<Uint8Array> | undefined;
  #ready: ModelEvent[] = [];
  /** Events of `#ready` that were given. */
  #given = 0;
  #said = false;
  #atStart = true;
  #error: Error | undefined;
  #over = false;

  constructor(source: EventSource) {
    this.#source = source;
    this.#reader = source.makeReader((event) => {
      this.#ready.push(event);
      this.#said = event.type === 'done';
    }, source.failed);
    this.#parser = createParser({
      maxBufferSize: MAX_EVENT_CHARACTERS,
      onEvent: (event) => {
        if (!this.#said) this.#reader.read(event.data);
      },
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') {
          throw new KheishError('models/malformed_response', 'An event of the stream is too long.');
        }
      },
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<ModelEvent, undefined>> {
    for (;;) {
      const event = this.#ready[this.#given];
      if (event !== undefined) {
        this.#given += 1;
        return { done: false, value: event };
      }
      // What was said before an error was said, also where both came at once.
      if (this.#said || this.#over || this.#error !== undefined) return this.#end();
      this.#ready = [];
      this.#given = 0;
      await this.#read();
    }
  }

  async return(): Promise<IteratorResult<ModelEvent, undefined>> {
    const open = !this.#over;
    this.#over = true;
    this.#ready = [];
    if (open) await this.#bytes?.return?.();
    return { done: true, value: undefined };
  }

  async #end(): Promise<IteratorResult<ModelEvent, undefined>> {
    const error = this.#error;
    this.#error = undefined;
    await this.return();
    if (error !== undefined) throw error;
    return { done: true, value: undefined };
  }

  #feed(text: string): void {
    // A byte order mark is not part of the text (HTML standard, section 9.2.6).
    const marked = this.#atStart && text.startsWith('\uFEFF');
    if (text !== '') this.#atStart = false;
    try {
      this.#parser.feed(marked ? text.slice(1) : text);
    } catch (error) {
      throw wellFormed(error as Error);
    }
  }

  async #read(): Promise<void> {
    try {
      this.#bytes ??= (await this.#source.open())[Symbol.asyncIterator]();
      const chunk = await this.#bytes.next();
      if (chunk.done !== true) {
        this.#feed(this.#decoder.write(chunk.value));
        if (this.#ready.length === 0) this.#ready.push({ type: 'alive' });
        return;
      }
      this.#over = true;
      this.#reader.end?.();
      if (this.#said) return;
      const detail = 'The stream ended before the answer was complete.';
      this.#error = new KheishError('models/stream_cut', detail);
    } catch (error) {
      this.#error = this.#source.named(error as Error);
    }
  }
}

/** A frame is read as the type it says it is; where it is not, a property is missing. */
function wellFormed(error: Error): Error {
  if (!(error instanceof TypeError)) return error;
  const detail = 'A frame of the stream is not what it says.';
  return new KheishError('models/malformed_response', detail, { cause: error });
}

/** The JSON of one frame. Throws `models/malformed_response`. */
export function frameJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new KheishError('models/malformed_response', 'A frame of the stream is not JSON.');
  }
}
