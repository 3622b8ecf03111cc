import { Agent, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { runningApi } from '../testing/running-api.ts';

/** A client that keeps its one connection. */
function keepingClient(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  return (path: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const call = request({ host: '127.0.0.1', port, path, agent }, resolve);
      call.on('error', reject).end();
    });
}

async function readToEnd(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += piece;
  return text;
}

const localPort = (response: IncomingMessage) =>
  ((response.socket instanceof Socket && response.socket.address()) as AddressInfo).port;

test('a stream that ends with its run leaves its connection for the next request', async () => {
  const { port, feed } = await runningApi();
  const get = keepingClient(port);
  const stream = await get('/v1/runs/r1/stream');
  const used = localPort(stream);
  feed.append({ type: 'run_completed', session_id: 's1', run_id: 'r1' });
  expect(await readToEnd(stream)).toContain('event: run_completed');
  const next = await get('/healthz');
  expect(localPort(next)).toBe(used);
  expect(await readToEnd(next)).toBe('ok\n');
});

test('a closing API ends the connections of its streams, without waiting for its grace', async () => {
  const { api, port } = await runningApi({ limits: { closeGraceMs: 2 ** 30 } });
  const stream = await keepingClient(port)('/v1/events/stream');
  const closed = api.close();
  expect(await readToEnd(stream)).toBe(': open\n\n');
  await closed;
});
