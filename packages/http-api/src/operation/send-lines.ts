import type { Log } from '../answer/log.ts';
import type { ApiContext } from './context.ts';

/**
 * An answer of any length, as fast as it is read. What fails in the middle cuts the connection, so that nobody takes what
 * came for the whole.
 */
export function sendLines(c: ApiContext, pieces: AsyncIterable<string>, log: Log): Response {
  const headers = { ...c.get('headers'), 'Content-Type': 'application/jsonl' };
  if (c.req.method === 'HEAD') return new Response(null, { status: 200, headers });
  const body = ReadableStream.from(orCut(c, pieces, log)).pipeThrough(new TextEncoderStream());
  return new Response(body, { status: 200, headers });
}

async function* orCut(
  c: ApiContext,
  pieces: AsyncIterable<string>,
  log: Log,
): AsyncGenerator<string> {
  try {
    yield* pieces;
  } catch (error) {
    const request = { request_id: c.get('requestId'), method: c.req.method, path: c.req.path };
    log.error({ ...request, err: error }, 'An answer broke off.');
    c.env.outgoing.destroy();
  }
}
