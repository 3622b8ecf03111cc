import { type IncomingMessage, STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { KheishError } from '@kheish/core-model';
import { problemAnswer } from '../answer/problem.ts';

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** The one before it on the same connection, while it may still be under way. */
  before: Exchange | undefined;
}

/** How long a connection that was refused may take to go. */
const LINGER_MS = 2_000;

/**
 * What Node's parser does not take for a request is refused on its connection, which ends with it. Answers to requests
 * that came before it on the connection are sent first, so that no answer is lost or taken for another one's.
 */
export class UnreadableRequests {
  readonly #nextRequestId: () => string;
  readonly #last = new WeakMap<Duplex, Exchange>();
  readonly #refused = new WeakSet<Duplex>();

  constructor(nextRequestId: () => string) {
    this.#nextRequestId = nextRequestId;
  }

  note(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { socket } = incoming;
    const before = this.#last.get(socket);
    // Answers come in order: of those before, only the last can still be awaited.
    if (before !== undefined) before.before = undefined;
    this.#last.set(socket, { incoming, outgoing, before });
  }

  refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    // Every piece that follows is unreadable too.
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    const last = this.#last.get(socket);
    const itself = last?.incoming.complete === false ? last : undefined;
    if (itself?.outgoing.headersSent === true) {
      socket.destroy();
      return;
    }
    const awaited = itself === undefined ? last : itself.before;
    if (awaited === undefined || awaited.outgoing.writableFinished) this.#answer(error, socket);
    // A stream goes on for ever, to a reader who has lost the thread.
    else if (isOpenStream(awaited.outgoing)) socket.destroy();
    else awaited.outgoing.once('close', () => this.#answer(error, socket));
  }

  #answer(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (!socket.writable) return;
    const { status, headers, body } = problemAnswer(refusalOf(error));
    const lines = Object.entries({
      ...headers,
      'X-Request-Id': this.#nextRequestId(),
      'Content-Length': String(Buffer.byteLength(body)),
      Connection: 'close',
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
    (socket as IncomingMessage['socket']).setTimeout(LINGER_MS, () => socket.destroy());
  }
}

function isOpenStream(outgoing: ServerResponse): boolean {
  return outgoing.headersSent && !outgoing.writableEnded;
}

function refusalOf({ code }: NodeJS.ErrnoException): KheishError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new KheishError('api/request_timeout', 'The request did not arrive in time.');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new KheishError('api/headers_too_large', 'The headers are larger than they may be.');
  }
  return new KheishError('api/bad_request', 'The request is not valid HTTP.');
}
