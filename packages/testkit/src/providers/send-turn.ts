import type { ServerResponse } from 'node:http';
import { setImmediate as nextTick, setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '@kheish/core-model';
import type { FakeReply, FakeTurn, Frames } from './turn.ts';

interface Encoding {
  readonly frames: (reply: FakeReply) => Frames;
  readonly errorBody: (status: number) => JsonObject;
}

const EVENT_STREAM = 'text/event-stream';

/** Plays one scripted turn. Resolves when nothing more will be sent. */
export async function sendTurn(
  response: ServerResponse,
  turn: FakeTurn,
  encoding: Encoding,
): Promise<void> {
  if ('hang' in turn) {
    if (turn.hang === 'after_headers') {
      response.writeHead(200, { 'content-type': EVENT_STREAM });
      response.flushHeaders();
    }
    return;
  }
  if ('status' in turn) {
    const body = turn.body ?? encoding.errorBody(turn.status);
    response.writeHead(turn.status, { 'content-type': 'application/json', ...turn.headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
    return;
  }
  if ('raw' in turn) {
    response.writeHead(200, { 'content-type': turn.contentType ?? EVENT_STREAM });
    await sendPieces(response, turn.raw);
    response.end();
    return;
  }
  response.writeHead(200, { 'content-type': EVENT_STREAM });
  const frames = encoding.frames(turn);
  if (turn.cutAfterBytes !== undefined || turn.splitAt !== undefined) {
    const bytes = Buffer.from(frames.head + frames.chunks.join('') + frames.tail);
    const cut = turn.cutAfterBytes ?? bytes.length;
    await sendPieces(response, pieces(bytes.subarray(0, cut), turn.splitAt ?? []));
    if (turn.cutAfterBytes === undefined) response.end();
    else response.destroy();
    return;
  }
  response.write(frames.head);
  for (const [index, chunk] of frames.chunks.entries()) {
    if (turn.hold?.afterChunks === index) await turn.hold.until;
    response.write(chunk);
    if (turn.delayMs !== undefined) await sleep(turn.delayMs);
  }
  if (turn.hold !== undefined && turn.hold.afterChunks >= frames.chunks.length) {
    await turn.hold.until;
  }
  response.end(frames.tail);
}

function pieces(bytes: Buffer, offsets: readonly number[]): Buffer[] {
  const cuts = [0, ...offsets, bytes.length];
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
}

async function sendPieces(
  response: ServerResponse,
  parts: readonly (string | Uint8Array)[],
): Promise<void> {
  for (const part of parts) {
    if (part.length === 0) continue;
    await new Promise<void>((resolve) => {
      response.write(part, () => resolve());
    });
    await nextTick();
  }
}
