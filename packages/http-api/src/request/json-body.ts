import type { IncomingMessage } from 'node:http';
import { type Json, KheishError } from '@kheish/core-model';
import { hasBody, readBytes } from './body-bytes.ts';
import { parseJson } from './json-text.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const jsonType = /^application\/json *(?:; *charset *= *"?utf-8"? *)?$/i;

/** Reads the JSON body of a request; undefined where it has none. */
export async function readJsonBody(
  incoming: IncomingMessage,
  limits: { readonly bodyBytes: number; readonly jsonDepth: number },
): Promise<Json | undefined> {
  if (!hasBody(incoming.headers)) return undefined;
  const encoding = incoming.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new KheishError('api/unsupported_media_type', 'A body is sent without content encoding.');
  }
  const bytes = await readBytes(incoming, limits.bodyBytes);
  if (bytes.length === 0) return undefined;
  if (!jsonType.test(incoming.headers['content-type'] ?? '')) {
    throw new KheishError('api/unsupported_media_type', 'A body has type application/json.');
  }
  return parseJson(decoded(bytes), limits.jsonDepth);
}

function decoded(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new KheishError('api/bad_request', 'The body is not valid UTF-8.');
  }
}
