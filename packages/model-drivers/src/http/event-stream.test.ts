import type { ModelEvent } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { type Emit, modelEvents } from './event-stream.ts';

const encoder = new TextEncoder();

async function* piecesOf(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** A protocol of our own: the data is the text, "." ends it. */
const reader = (emit: Emit) => ({
  read: (data: string) =>
    emit(data === '.' ? { type: 'done', stop_reason: 'end' } : { type: 'text_delta', text: data }),
});
const failed = () => {
  throw new Error('not expected');
};

async function textOf(...pieces: Uint8Array[]): Promise<string> {
  let text = '';
  for await (const event of modelEvents(piecesOf(...pieces), reader, failed)) {
    if (event.type === 'text_delta') text += event.text;
  }
  return text;
}

describe('modelEvents', () => {
  const bytes = encoder.encode('data: é世🌍\r\n\r\n: ping\n\ndata: ß\n\ndata: .\n\n');

  test('hears the same wherever the bytes are split', async () => {
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(await textOf(bytes.subarray(0, at), bytes.subarray(at))).toBe('é世🌍ß');
    }
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(await textOf(...single)).toBe('é世🌍ß');
  });

  test('says alive for bytes that amount to nothing', async () => {
    const events: ModelEvent[] = [];
    const pieces = [': ping\n\n', 'data: a', '\n\n', 'data: .\n\n'].map((text) =>
      encoder.encode(text),
    );
    for await (const event of modelEvents(piecesOf(...pieces), reader, failed)) events.push(event);
    expect(events.map(({ type }) => type)).toEqual(['alive', 'alive', 'text_delta', 'done']);
  });

  test('ends with done, whatever follows', async () => {
    expect(await textOf(encoder.encode('data: a\n\ndata: .\n\ndata: b\n\n'))).toBe('a');
  });
});
