import { HttpClient } from './http-client.ts';

const terminal = '"type":"run_completed"';

export const plainInput = 'What is in it?';
export const toolInput = 'Please use the tool.';
export const commandInput = 'Please run the command.';

/** A client's own session on a daemon. */
export class Talk {
  readonly client: HttpClient;
  readonly #session: string;

  private constructor(client: HttpClient, session: string) {
    this.client = client;
    this.#session = session;
  }

  static async open(url: string): Promise<Talk> {
    const client = new HttpClient(url);
    const { session_id } = await client.json<{ session_id: string }>('POST', '/v1/sessions', {});
    return new Talk(client, session_id);
  }

  /** A session that is there. */
  static of(url: string, session: string): Talk {
    return new Talk(new HttpClient(url), session);
  }

  /** POST the input, GET the run's stream, read to the terminal event. Milliseconds: whole turn, first token. */
  async turn(content: string): Promise<{ ms: number; firstMs: number; runId: string }> {
    const from = performance.now();
    const path = `/v1/sessions/${this.#session}/runs`;
    const { run_id } = await this.client.json<{ run_id: string }>('POST', path, { content });
    const stream = await this.client.exchange(
      'GET',
      `/v1/runs/${run_id}/stream`,
      undefined,
      terminal,
    );
    if (!stream.text.includes(terminal))
      throw new Error(`the run did not complete: ${stream.text}`);
    const to = performance.now();
    return { ms: to - from, firstMs: (stream.firstAt || to) - from, runId: run_id };
  }
}

/**
 * The same work without a daemon: the prompt straight to the provider, twice where a tool is called between. The
 * prompt has `earlier` messages before the input.
 */
export async function directCall(
  client: HttpClient,
  steps: number,
  earlier: readonly object[] = [],
): Promise<number> {
  const from = performance.now();
  const body = JSON.stringify({
    model: 'm',
    stream: true,
    messages: [...earlier, { role: 'user', content: plainInput }],
  });
  for (let step = 0; step < steps; step += 1)
    await client.exchange('POST', '/chat/completions', body);
  return performance.now() - from;
}

/** Turns a second of `talks` at once, each taking the next turn as soon as its last has ended. */
export async function throughput(
  talks: readonly Talk[],
  content: string,
  turns: number,
): Promise<number> {
  let left = turns;
  const from = performance.now();
  await Promise.all(
    talks.map(async (talk) => {
      while (left > 0) {
        left -= 1;
        await talk.turn(content);
      }
    }),
  );
  return (turns * 1000) / (performance.now() - from);
}
