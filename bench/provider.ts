import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 0, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

const answer = Buffer.from(
  `${['It ', 'has ', 'two ', 'routes.'].map((content) => chunk({ content })).join('')}${chunk({}, 'stop')}data: [DONE]\n\n`,
);
const callOf = (name: string, input: object) =>
  Buffer.from(
    `${chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name, arguments: JSON.stringify(input) } }] })}${chunk({}, 'tool_calls')}data: [DONE]\n\n`,
  );
const calls = [
  ['use the tool', callOf('read_file', { path: 'notes.txt' })],
  ['run the command', callOf('bash', { command: 'true' })],
] as const;

/** Chat Completions with zero delay and constant answers; an input that asks for a call is answered with it first. */
export async function startProvider() {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString('latin1');
      const user = body.lastIndexOf('"role":"user"');
      const called = body.includes('"role":"tool"', user);
      const call = called ? undefined : calls.find(([words]) => body.includes(words, user))?.[1];
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(call ?? answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
