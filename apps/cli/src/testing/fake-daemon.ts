import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export type Answer = (seen: Seen, response: ServerResponse) => void | Promise<void>;

/** A real HTTP server in the place of the daemon; the test says what it answers. */
export async function fakeDaemon(answer: Answer) {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const call = {
      method: request.method ?? '',
      path: pathname,
      query: searchParams,
      headers: request.headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
    seen.push(call);
    await answer(call, response);
  };
  const server = createServer((request, response) => void handle(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

export function problem(response: ServerResponse, status: number, name: string): void {
  const [domain, code] = name.split('/');
  json(response, { type: '', title: '', status, detail: 'as told', domain, code }, status);
}

export function startStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
}

/** Whatever has a type; a test may send what no daemon of this version would. */
export type AnyEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

export function frameText(event: AnyEvent): string {
  const id = typeof event['seq'] === 'number' ? `id: ${event['seq']}\n` : '';
  return `${id}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** An address at which nothing listens. */
export async function deadAddress(): Promise<string> {
  const daemon = await fakeDaemon(() => undefined);
  await daemon[Symbol.asyncDispose]();
  return daemon.baseUrl;
}
