import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const frames = (delta: object, finish: string) =>
  [
    { index: 0, delta, finish_reason: null },
    { index: 0, delta: {}, finish_reason: finish },
  ]
    .map((choice) => `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [choice] })}\n\n`)
    .join('');
const call = { name: 'list_directory', arguments: '{"path":"."}' };
const asks = `${frames({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: call }] }, 'tool_calls')}data: [DONE]\n\n`;
const ends = `${frames({ content: 'done' }, 'stop')}data: [DONE]\n\n`;

/**
 * A provider whose model asks for one more call of a tool each time, until it is told that it is enough. It knows the
 * talks apart by their first word, and counts what it is asked.
 */
export async function startLoopingProvider(mayKeepAlive: () => boolean) {
  const calls = new Map<string, number>();
  const heard = new Map<string, () => void>();
  const enough = new Set<string>();
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const talk = /talk-\d+/.exec(Buffer.concat(pieces).toString())?.[0] ?? '';
      calls.set(talk, (calls.get(talk) ?? 0) + 1);
      heard.get(talk)?.();
      const connection = mayKeepAlive() ? 'keep-alive' : 'close';
      response.writeHead(200, { 'content-type': 'text/event-stream', connection });
      response.end(enough.has(talk) ? ends : asks);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${url}/v1`,
    callsOf: (talk: string) => calls.get(talk) ?? 0,
    async hear(talk: string, count: number): Promise<void> {
      while ((calls.get(talk) ?? 0) < count) {
        await new Promise<void>((resolve) => heard.set(talk, resolve));
      }
      heard.delete(talk);
    },
    /** Resolves when everything that was sent until now has been counted: each asks on a connection of its own. */
    async caughtUp(): Promise<void> {
      for (let times = 0; times < 2; times += 1) {
        const answer = await fetch(url, {
          method: 'POST',
          body: '',
          headers: { connection: 'close' },
        });
        await answer.text();
      }
    },
    end: (talk: string) => void enough.add(talk),
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
