import { Agent, request } from 'node:http';

/** One keep-alive connection, as one client of an API has it. */
export class HttpClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  /** Sends and reads to the end, or until `stop` is found in what has come. Gives the body and when its first byte came. */
  exchange(
    method: string,
    path: string,
    body?: string,
    stop?: string,
  ): Promise<{ status: number; text: string; firstAt: number }> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const sent = request(`${this.#base}${path}`, { method, headers, agent: this.#agent });
      sent.on('error', reject);
      sent.on('response', (response) => {
        let text = '';
        let firstAt = 0;
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
          if (firstAt === 0 && (stop === undefined || text.includes('event: model_delta'))) {
            firstAt = performance.now();
          }
          if (stop !== undefined && text.includes(stop)) finish();
        });
        const finish = () => resolve({ status: response.statusCode ?? 0, text, firstAt });
        response.on('end', finish);
        response.on('error', reject);
      });
      sent.end(body);
    });
  }

  async json<T>(method: string, path: string, body: object): Promise<T> {
    const { status, text } = await this.exchange(method, path, JSON.stringify(body));
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  }

  close(): void {
    this.#agent.destroy();
  }
}
