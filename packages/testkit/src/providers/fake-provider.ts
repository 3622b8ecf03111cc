import { once } from 'node:events';
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  createServer,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '@kheish/core-model';
import { type FakeProtocol, lastUserText, protocols } from './protocols.ts';
import { sendTurn } from './send-turn.ts';
import type { FakeReply, FakeTurn } from './turn.ts';

export interface FakeProviderOptions {
  readonly protocol: FakeProtocol;
  /** What is said when no turn is left, encoded once; without it the last user text is echoed. */
  readonly defaultReply?: FakeReply;
  /** Answers each request by what is in it, where no turn is left. */
  readonly answer?: (body: JsonObject) => FakeTurn;
  /** Keep what was received; on unless said otherwise. */
  readonly record?: boolean;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: JsonObject;
  /** The model that was asked, wherever the protocol names it. */
  readonly model: unknown;
  /** What of the body is the conversation. */
  readonly conversation: unknown;
  /** Tells connections apart: requests on one connection have one port. */
  readonly clientPort: number | undefined;
  /** How the response ended: sent to the end, or broken off by one of the two sides. */
  readonly ended: Promise<'finished' | 'broken_off'>;
}

export interface FakeProvider extends AsyncDisposable {
  /** The base URL to configure, version segment included. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Answers the next requests with these turns, in this order, in place of those still waiting. */
  respondWith(turns: readonly FakeTurn[]): void;
  /** The request of this number (from 0), as soon as it is there. */
  request(index: number): Promise<RecordedRequest>;
  close(): Promise<void>;
}

/** A model provider that speaks the real protocol over real HTTP, on a free local port. */
export async function startFakeProvider(options: FakeProviderOptions): Promise<FakeProvider> {
  const protocol = protocols[options.protocol];
  const { record = true } = options;
  const requests: RecordedRequest[] = [];
  const arrivals = new Map<number, (request: RecordedRequest) => void>();
  const constant =
    options.defaultReply === undefined ? undefined : encoded(protocol.frames(options.defaultReply));
  let turns: FakeTurn[] = [];

  function keep(incoming: IncomingMessage, response: ServerResponse, body: JsonObject): void {
    const request: RecordedRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body,
      model: modelIn(incoming.url) ?? body['model'],
      conversation: protocol.conversation(body),
      clientPort: incoming.socket.remotePort,
      ended: new Promise((resolve) => {
        response.on('close', () => resolve(response.writableFinished ? 'finished' : 'broken_off'));
      }),
    };
    requests.push(request);
    arrivals.get(requests.length - 1)?.(request);
  }

  /** Where the path names the model. */
  function modelIn(url: string | undefined): string | undefined {
    const name = protocol.path.exec(url?.slice(protocol.root.length) ?? '')?.[1];
    return name === undefined ? undefined : decodeURIComponent(name);
  }

  function isCall({ method, url = '' }: IncomingMessage): boolean {
    const { root, path } = protocol;
    return method === 'POST' && url.startsWith(root) && path.test(url.slice(root.length));
  }

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await jsonOf(incoming);
    if (record) keep(incoming, response, body);
    if (!isCall(incoming)) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(protocol.errorBody(404)));
      return;
    }
    const turn = turns.shift() ?? options.answer?.(body);
    if (turn !== undefined) {
      await sendTurn(response, turn, protocol);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const echo = { text: lastUserText(protocol.conversation(body)) };
    response.end(constant ?? encoded(protocol.frames(echo)));
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function close(): Promise<void> {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  return {
    url: `http://127.0.0.1:${port}${protocol.root}`,
    requests,
    respondWith: (next) => {
      turns = [...next];
    },
    request: (index) =>
      new Promise((resolve) => {
        const known = requests[index];
        if (known !== undefined) resolve(known);
        else arrivals.set(index, resolve);
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function encoded(frames: { head: string; chunks: readonly string[]; tail: string }): Buffer {
  return Buffer.from(frames.head + frames.chunks.join('') + frames.tail);
}

async function jsonOf(incoming: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as JsonObject);
}
