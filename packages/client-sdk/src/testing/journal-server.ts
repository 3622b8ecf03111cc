import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedEvent } from '@kheish/core-model';

export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Handler = (seen: Seen, response: ServerResponse) => void | Promise<void>;

/** A real HTTP server whose answers the test decides. */
export async function serve(handler: Handler, port = 0) {
  const requests: Seen[] = [];
  const sockets = new Set<Socket>();
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url = '', headers } = request;
    const seen = { method, url, headers, body };
    requests.push(seen);
    await handler(seen, response);
  };
  const server = createServer((request, response) => void answer(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const { port: bound } = server.address() as AddressInfo;
  return {
    port: bound,
    baseUrl: `http://127.0.0.1:${bound}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export function json(response: ServerResponse, status: number, value: unknown): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(value));
}

export function problem(response: ServerResponse, status: number, name: string): void {
  const [domain, code] = name.split('/');
  json(response, status, { type: '', title: '', status, detail: 'as told', domain, code });
}

/** The cursor as a daemon reads it: the larger of query and header. */
export function cursorOf({ url, headers }: Seen): number {
  const query = new URL(url, 'http://x').searchParams.get('cursor') ?? '0';
  return Math.max(Number(query), Number(headers['last-event-id'] ?? '0'));
}

export function startStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
}

export function frameText(event: object & { type: string }, id?: number): string {
  const data = `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  return id === undefined ? data : `id: ${id}\n${data}`;
}

/** Resolves when the bytes are on their way, so that destroying the socket does not take them back. */
export async function send(response: ServerResponse, text: string): Promise<void> {
  await new Promise((resolve) => response.write(text, resolve));
  await sleep(0);
}

const SESSION = 's';
export const RUN = 'run_1';

export function started(seq: number): RecordedEvent {
  const ids = { session_id: SESSION, run_id: RUN };
  return { type: 'run_started', ...ids, incarnation: 1, seq, at_ms: seq, v: 1 };
}

export function completed(seq: number): RecordedEvent {
  const ids = { session_id: SESSION, run_id: RUN };
  return { type: 'run_completed', ...ids, outputs: [], seq, at_ms: seq, v: 1 };
}

export function runView(status: string) {
  return {
    run_id: RUN,
    session_id: SESSION,
    agent_id: 'agent_1',
    kind: 'input',
    status,
    submitted_at_ms: 1,
    updated_at_ms: 1,
    request: {
      source_plugin: 'http',
      source_kind: 'text',
      actor_id: 'a',
      text_preview: 'hi',
      provider: 'r',
      driver: 'scripted',
      model: 'm',
    },
    steps: 0,
    outputs: [],
  };
}
