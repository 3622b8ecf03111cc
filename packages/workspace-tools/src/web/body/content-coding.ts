import { type Transform, Readable, pipeline } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip } from 'node:zlib';
import { KheishError } from '@kheish/core-model';

// A body that was cut at its bound ends in the middle: what came so far is read.
const gunzip = () => createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
const unbrotli = () => createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH });

const decoders = new Map<string, () => Transform>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['br', unbrotli],
]);

/** What may be asked for (RFC 9110 section 12.5.3). */
export const ACCEPTED_CODINGS = 'gzip, br';

/** Undoes the `Content-Encoding` of a body, piece by piece. Reading throws `tools/unreadable`. */
export function decompressed(
  coding: string | undefined,
  bytes: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const name = (coding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return bytes;
  const decoder = decoders.get(name);
  if (decoder === undefined) return refused(bytes);
  return through(decoder(), bytes);
}

function refused(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const next = async () => {
    await bytes[Symbol.asyncIterator]().return?.();
    throw new KheishError(
      'tools/unreadable',
      'The answer is compressed in a way it was not asked for.',
    );
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

async function* through(
  decoder: Transform,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  // Either end takes the other down with it, and the reader sees why.
  pipeline(Readable.from(bytes), decoder, () => undefined);
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
  } catch (thrown) {
    if (typeof (thrown as NodeJS.ErrnoException).errno !== 'number') throw thrown;
    throw new KheishError('tools/unreadable', 'The answer is not compressed as it says.', {
      cause: thrown,
    });
  }
}
