import { KheishError, type ModelEvent } from '@kheish/core-model';
import { createParser } from 'eventsource-parser';
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

/**
 * The model events of a byte stream of server-sent events. Bytes that amount to no event are `alive`.
 * Throws `models/stream_cut` when the stream ends before `done`, and what the frame reader throws.
 */
export async function* modelEvents(
  bytes: AsyncIterable<Uint8Array>,
  makeReader: MakeReader,
  failed: Failed,
): AsyncGenerator<ModelEvent> {
  let ready: ModelEvent[] = [];
  let finished = false;
  const reader = makeReader((event) => {
    ready.push(event);
    finished = event.type === 'done';
  }, failed);
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARACTERS,
    onEvent: (event) => {
      if (!finished) reader.read(event.data);
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') {
        throw new KheishError('models/malformed_response', 'An event of the stream is too long.');
      }
    },
  });
  // One decoder for the whole stream, so that a character split between chunks survives.
  const decoder = new TextDecoder();
  for await (const chunk of bytes) {
    const error = failureOf(() => parser.feed(decoder.decode(chunk, { stream: true })));
    const events = ready;
    ready = [];
    if (events.length === 0) yield { type: 'alive' };
    // What was said before an error was said, also where both came at once.
    yield* events;
    if (finished) return;
    if (error !== undefined) throw error;
  }
  reader.end?.();
  yield* ready;
  if (finished) return;
  throw new KheishError('models/stream_cut', 'The stream ended before the answer was complete.');
}

/** A frame is read as the type it says it is; where it is not, a property is missing. */
function failureOf(read: () => void): Error | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (!(error instanceof TypeError)) return error as Error;
    const detail = 'A frame of the stream is not what it says.';
    return new KheishError('models/malformed_response', detail, { cause: error });
  }
}

/** The JSON of one frame. Throws `models/malformed_response`. */
export function frameJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    throw new KheishError('models/malformed_response', 'A frame of the stream is not JSON.');
  }
}
