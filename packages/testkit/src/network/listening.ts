import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A real server, closed when the test is over, that remembers who came. */
export interface Listening {
  readonly origin: string;
  readonly port: number;
  /** Connections that were accepted. */
  accepted: number;
  readonly requests: IncomingMessage[];
}

export async function listening(
  answer: RequestListener,
  at: { readonly host?: string; readonly port?: number } = {},
): Promise<Listening> {
  const { host = '127.0.0.1', port = 0 } = at;
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume();
    answer(request, response);
  });
  server.listen(port, host);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = (server.address() as AddressInfo).port;
  const told: Listening = {
    origin: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    accepted: 0,
    requests,
  };
  server.on('connection', () => (told.accepted += 1));
  return told;
}
