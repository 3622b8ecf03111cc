import { isJsonObject } from '@kheish/core-model';
import { type EventSourceMessage, createParser } from 'eventsource-parser';
import { UnexpectedAnswer } from '../errors.ts';
import type { StreamEvent, StreamFrame } from './frame.ts';

/** A frame longer than this is not one of ours. */
const MAX_FRAME_CHARS = 32 * 1024 * 1024;

/**
 * The frames of one connection; a frame cut off by its end is dropped. `touch` is called for any bytes,
 * `failure` says what a failed read was.
 */
export async function* readFrames(
  body: ReadableStream<Uint8Array>,
  touch: () => void,
  failure: (thrown: unknown) => unknown,
): AsyncGenerator<StreamFrame, void, undefined> {
  let ready: StreamFrame[] = [];
  const parser = createParser({
    maxBufferSize: MAX_FRAME_CHARS,
    onError: (error) => {
      if (error.type !== 'max-buffer-size-exceeded') return;
      throw new UnexpectedAnswer(200, 'a frame of the stream is too long', error);
    },
    onEvent: (message) => {
      ready.push(frameOf(message));
    },
  });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((thrown: unknown) => {
        throw failure(thrown);
      });
      if (done) return;
      touch();
      parser.feed(decoder.decode(value, { stream: true }));
      const frames = ready;
      ready = [];
      yield* frames;
    }
  } finally {
    // Closes the connection when the consumer leaves; after an error there is nothing left to close.
    await reader.cancel().catch(() => undefined);
  }
}

function frameOf(message: EventSourceMessage): StreamFrame {
  let event: unknown;
  try {
    event = JSON.parse(message.data);
  } catch (cause) {
    throw new UnexpectedAnswer(200, 'a frame of the stream is not JSON', cause);
  }
  if (!isJsonObject(event) || typeof event['type'] !== 'string') {
    throw new UnexpectedAnswer(200, 'a frame of the stream is not an event');
  }
  return {
    ...(message.id !== undefined && { id: message.id }),
    event: event as unknown as StreamEvent,
  };
}
