import { createServer, type Server, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { type Clock, KheishError } from '@kheish/core-model';
import type { Log } from '../answer/log.ts';
import { problemAnswer } from '../answer/problem.ts';
import type { HttpLimits } from '../http-limits.ts';
import { UnreadableRequests } from './unreadable-requests.ts';

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

export interface ListenerOptions {
  readonly fetch: Fetch;
  readonly nextRequestId: () => string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: HttpLimits;
}

export function httpListener(options: ListenerOptions): HttpListener {
  const { fetch, nextRequestId, limits, clock } = options;
  const answer = getRequestListener(fetch, {
    hostname: 'localhost',
    errorHandler: (error) => malformedRequest(error, nextRequestId()),
  });
  const unreadable = new UnreadableRequests(nextRequestId);
  const server = createServer(timesOf(limits), (incoming, outgoing) => {
    unreadable.note(incoming, outgoing);
    void answer(incoming, outgoing);
  });
  server.timeout = limits.idleTimeoutMs;
  server.keepAliveTimeout = limits.keepAliveMs;
  server.maxConnections = limits.connections;
  server.on('drop', dropReporter(options));
  // No expectation but 100-continue is known, and none has to be (RFC 9110 section 10.1.1).
  server.on('checkExpectation', (incoming, outgoing) => server.emit('request', incoming, outgoing));
  server.on('clientError', (error, socket) => unreadable.refuse(error, socket));
  return {
    listen: (at) => listen(server, at),
    close: () => close(server, clock, limits.closeGraceMs),
  };
}

/** Times that Node's own clock measures, in its own steps. */
function timesOf({ headersTimeoutMs, requestTimeoutMs }: HttpLimits): ServerOptions {
  return {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(headersTimeoutMs, requestTimeoutMs) / 4,
    // A request without a Host header is to meet the Host check, not Node's own answer.
    requireHostHeader: false,
  };
}

const REPORT_DROPS_MS = 60_000;

/** Says that connections are dropped, once a minute. */
function dropReporter({ clock, log, limits }: ListenerOptions): () => void {
  let silentUntil = -Infinity;
  return () => {
    if (clock.monotonic() < silentUntil) return;
    silentUntil = clock.monotonic() + REPORT_DROPS_MS;
    log.warn({ connections: limits.connections }, 'Too many connections: new ones are dropped.');
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
