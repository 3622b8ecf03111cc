import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { type Clock, KheishError } from '@kheish/core-model';
import { problemAnswer } from '../answer/problem.ts';

export interface ListenAddress {
  readonly address: string;
  readonly port: number;
}

export interface HttpListener {
  /** Port 0 takes a free one. Throws `config/invalid_configuration` where the address cannot be bound. */
  listen(at: { readonly host: string; readonly port: number }): Promise<ListenAddress>;
  /** Takes no more connections, waits for the answers under way, then destroys what is left. */
  close(): Promise<void>;
}

type Fetch = Parameters<typeof getRequestListener>[0];

export function httpListener(options: {
  readonly fetch: Fetch;
  readonly nextRequestId: () => string;
  readonly clock: Clock;
  readonly closeGraceMs: number;
}): HttpListener {
  const { fetch, nextRequestId } = options;
  const answer = getRequestListener(fetch, {
    hostname: 'localhost',
    errorHandler: (error) => malformedRequest(error, nextRequestId()),
  });
  // A request without a Host header is to meet the Host check, not Node's own answer.
  const server = createServer({ requireHostHeader: false }, (incoming, outgoing) => {
    void answer(incoming, outgoing);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    refuseUnreadable(error, socket, nextRequestId());
  });
  return {
    listen: (at) => listen(server, at),
    close: () => close(server, options.clock, options.closeGraceMs),
  };
}

/** A target or Host that is no URL; anything else that gets here is a bug. */
function malformedRequest(error: unknown, requestId: string): Response {
  const malformed = error instanceof Error && error.name === 'RequestError';
  const { status, headers, body } = problemAnswer(malformed ? malformedTarget() : error);
  return new Response(body, { status, headers: { ...headers, 'X-Request-Id': requestId } });
}

function malformedTarget(): KheishError {
  return new KheishError('api/bad_request', 'The request target or the Host is malformed.');
}

/** Answers bytes that Node's parser does not take for HTTP. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex, requestId: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = new KheishError('api/bad_request', 'The request is not valid HTTP.');
  const { status, headers, body } = problemAnswer(refusal);
  const lines = Object.entries({
    ...headers,
    'X-Request-Id': requestId,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} Bad Request\r\n${lines.join('')}\r\n${body}`);
}

function listen(server: Server, at: { host: string; port: number }): Promise<ListenAddress> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) =>
      reject(
        new KheishError(
          'config/invalid_configuration',
          `Cannot listen on ${at.host} port ${at.port}: ${error.code ?? error.message}. Choose another --bind, or stop who listens there.`,
          { cause: error },
        ),
      );
    server.once('error', onError);
    server.listen(at.port, at.host.replace(/^\[(.*)\]$/, '$1'), () => {
      server.off('error', onError);
      const { address, port } = server.address() as AddressInfo;
      resolve({ address, port });
    });
  });
}

async function close(server: Server, clock: Clock, graceMs: number): Promise<void> {
  const closed = new Promise((resolve) => {
    server.close(resolve);
  });
  const grace = new AbortController();
  const forced = clock.sleep(graceMs, grace.signal).then(
    () => server.closeAllConnections(),
    () => undefined,
  );
  await closed;
  grace.abort();
  await forced;
}
