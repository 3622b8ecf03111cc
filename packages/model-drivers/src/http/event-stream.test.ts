import type { ModelEvent } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { type Emit, ModelEvents } from './event-stream.ts';

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

function eventsOf(...pieces: Uint8Array[]): ModelEvents {
  const open = () => Promise.resolve(piecesOf(...pieces));
  return new ModelEvents({ open, makeReader: reader, failed, named: (error) => error });
}

async function textOf(...pieces: Uint8Array[]): Promise<string> {
  let text = '';
  for await (const event of eventsOf(...pieces)) {
    if (event.type === 'text_delta') text += event.text;
  }
  return text;
}

describe('ModelEvents', () => {
  const bytes = encoder.encode('data: é世🌍\r\n\r\n: ping\n\ndata: ß\n\ndata: .\n\n');

  test('hears the same wherever the bytes are split', async () => {
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(await textOf(bytes.subarray(0, at), bytes.subarray(at))).toBe('é世🌍ß');
    }
    const marked = Uint8Array.of(0xef, 0xbb, 0xbf, ...bytes);
    for (let at = 0; at <= 4; at += 1) {
      expect(await textOf(marked.subarray(0, at), marked.subarray(at))).toBe('é世🌍ß');
    }
    const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(await textOf(...single)).toBe('é世🌍ß');
  });

  test('says alive for bytes that amount to nothing', async () => {
    const events: ModelEvent[] = [];
    const pieces = [': ping\n\n', 'data: a', '\n\n', 'data: .\n\n'].map((text) =>
      encoder.encode(text),
    );
    for await (const event of eventsOf(...pieces)) events.push(event);
    expect(events.map(({ type }) => type)).toEqual(['alive', 'alive', 'text_delta', 'done']);
  });

  test('lets go of the bytes, however it ends', async () => {
    let left = 0;
    const bytesOf = (...texts: string[]) => ({
      async *[Symbol.asyncIterator]() {
        try {
          for (const text of texts) yield encoder.encode(text);
        } finally {
          left += 1;
        }
      },
    });
    const read = async (wanted: number, ...texts: string[]) => {
      const open = () => Promise.resolve(bytesOf(...texts));
      const source = { open, makeReader: reader, failed, named: (error: Error) => error };
      const heard: string[] = [];
      for await (const { type } of new ModelEvents(source)) {
        heard.push(type);
        if (heard.length === wanted) break;
      }
      return heard;
    };
    expect(await read(1, 'data: a\n\ndata: b\n\n', 'data: c\n\n')).toEqual(['text_delta']);
    expect(await read(9, 'data: a\n\ndata: .\n\n', 'data: c\n\n')).toEqual(['text_delta', 'done']);
    await expect(read(9, 'data: a\n\n')).rejects.toMatchObject({ code: 'models/stream_cut' });
    await expect(read(9, `data: ${'x'.repeat(33 * 1024 * 1024)}`, 'data: .\n\n')).rejects.toThrow(
      'too long',
    );
    expect(left).toBe(4);
  });

  test('a bug in opening the stream is not laid at the door of its frames', async () => {
    const bug = new TypeError('a bug of ours');
    const open = () => Promise.reject(bug);
    const events = new ModelEvents({ open, makeReader: reader, failed, named: (error) => error });
    await expect(events.next()).rejects.toBe(bug);
  });

  test('gives nothing more once it has ended', async () => {
    const events = eventsOf(encoder.encode('data: a\n\ndata: b\n\ndata: .\n\n'));
    await events.next();
    await events.return();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test('ends with done, whatever follows', async () => {
    expect(await textOf(encoder.encode('data: a\n\ndata: .\n\ndata: b\n\n'))).toBe('a');
  });
});
