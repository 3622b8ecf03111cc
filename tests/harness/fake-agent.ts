import type { JsonObject } from '@kheish/core-model';
import { type FakeProvider, type FakeTurn, startFakeProvider } from '@kheish/testkit';
import type { Sandbox } from './daemon-process.ts';

interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
}

/** A workspace with something to find, and the routes file of a provider that speaks Chat Completions. */
export function agentRoutes(box: Sandbox, provider: FakeProvider): string {
  return box.file(
    'routes.toml',
    `version = 1
[routes.fake]
driver = "openai_compatible"
base_url = "${provider.url}"
default_model = "fake-1"
`,
  );
}

/** What the agent answers to this input, in the end. */
export function answerTo(input: string): string {
  return `Asked ${input} I looked 2 times and answer in several words, one after the other.`;
}

/**
 * A provider whose answers follow from the request alone, so that a repeated call is answered alike: two steps with
 * a tool each, then a streamed answer. Each run of a session uses the same tool call ids, as some servers do.
 */
export function startFakeAgent(options: { chunkDelayMs?: number } = {}): Promise<FakeProvider> {
  const { chunkDelayMs = 0 } = options;
  return startFakeProvider({
    protocol: 'chat-completions',
    answer: (body) => nextTurn(body, chunkDelayMs),
  });
}

function nextTurn(body: JsonObject, delayMs: number): FakeTurn {
  const messages = body['messages'] as unknown as ChatMessage[];
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  const looked = messages.slice(asked).filter(({ role }) => role === 'tool').length;
  if (looked < 2) {
    const name = 'list_files';
    return { toolCalls: [{ id: `call_${looked}`, name, arguments: { path: '.' } }] };
  }
  const answer = answerTo(String(messages[asked]?.content)).replace('2 times', `${looked} times`);
  return { text: answer.split(/(?<= )/), delayMs };
}
