import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const chunk = (content: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 0, model: 'm', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`;

const end = `${chunk('', 'stop')}data: [DONE]\n\n`;

/** Chat Completions whose answers go on, a token at a time, until they are told to end. */
export async function startTokenProvider() {
  const answers: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(chunk('begin '));
    answers.push(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/v1`,
    /** Answers that are under way. */
    answers: () => answers.length,
    /** Each answer gets so many tokens a second, each at its own time; a token is the moment at which it was sent. */
    async speak(tokensPerSecond: number, seconds: number): Promise<void> {
      const from = performance.now();
      const total = answers.length * tokensPerSecond * seconds;
      for (let sent = 0; sent < total;) {
        const due = Math.min(
          total,
          ((performance.now() - from) * answers.length * tokensPerSecond) / 1_000,
        );
        for (; sent < due; sent += 1) {
          answers[sent % answers.length]?.write(chunk(`@${performance.now().toFixed(2)} `));
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    /** Ends all answers; gives the moment. */
    finish(): number {
      const at = performance.now();
      for (const answer of answers.splice(0)) answer.end(end);
      return at;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
