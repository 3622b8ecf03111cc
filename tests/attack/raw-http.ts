import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'vitest';

export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  /** All header lines. */
  readonly head: string;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Leaves after the head of the answer: a stream has no end. */
  readonly headOnly?: boolean;
}

/** One daemon, asked in ways that fetch would not let through. */
export class Target implements Disposable {
  readonly port: number;
  /** Requests that were sent again, on another connection. */
  retries = 0;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.port = Number(new URL(url).port);
    this.#headers = headers;
  }

  ask(asked: RawRequest): Promise<RawAnswer> {
    const { method = 'GET', path, headers = {}, body, headOnly = false } = asked;
    const { port } = this;
    return new Promise((resolve, reject) => {
      const call = request(
        {
          host: '127.0.0.1',
          port,
          method,
          path,
          // Node would send the body of a GET without saying so.
          headers: {
            ...this.#headers,
            ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
            ...headers,
          },
          agent: headOnly ? false : this.#agent,
        },
        (response) => {
          const chunks: Buffer[] = [];
          const answer = () => ({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            head: response.rawHeaders.join('\n'),
            text: Buffer.concat(chunks).toString(),
          });
          if (headOnly && (response.statusCode ?? 0) < 400) {
            resolve(answer());
            call.destroy();
            return;
          }
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => resolve(answer()));
        },
      );
      call.on('error', (error) => {
        // The daemon ends idle connections; a request that meets that moment was not read.
        const { code = '' } = error as NodeJS.ErrnoException;
        if (call.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(code)) {
          this.retries += 1;
          resolve(this.ask(asked));
          return;
        }
        const about = `${method} ${path.slice(0, 200)} ${JSON.stringify(headers).slice(0, 300)}`;
        reject(new Error(`${error.message}: ${about}`, { cause: error }));
      });
      call.end(body);
    });
  }

  json(method: string, path: string, body: unknown, headers = {}): Promise<RawAnswer> {
    const type = { 'content-type': 'application/json' };
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return this.ask({ method, path, body: text, headers: { ...type, ...headers } });
  }

  /** Sends bytes as they are, piece by piece; what came back until the server closed, or 5 s passed. */
  bytes(...pieces: readonly (string | Buffer)[]): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      const answer: Buffer[] = [];
      const end = () => {
        socket.destroy();
        resolve(Buffer.concat(answer).toString());
      };
      socket.setTimeout(5_000, end);
      socket.on('data', (chunk: Buffer) => answer.push(chunk));
      socket.on('close', end).on('error', end);
      for (const piece of pieces) socket.write(piece);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** An answer that a client may see, whatever it asked: no fault of ours, and no word about our insides. */
export function expectCivil(answer: RawAnswer, asked: unknown): void {
  const about = `${JSON.stringify(asked).slice(0, 500)} -> ${answer.text.slice(0, 300)}`;
  expect(answer.status, about).not.toBe(500);
  expect(answer.status, about).toBeLessThan(504);
  expect(answer.text, about).not.toMatch(/\n\s+at |node_modules|\.ts:\d|\.js:\d|SQLITE_/);
  if (answer.status < 400 || answer.text === '') return;
  expect(answer.type, about).toBe('application/problem+json');
  expect(JSON.parse(answer.text), about).toMatchObject({ status: answer.status });
}
