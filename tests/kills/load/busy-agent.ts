import type { JsonObject } from '@kheish/core-model';
import {
  type FakeProvider,
  type FakeToolCall,
  type FakeTurn,
  startFakeProvider,
} from '@kheish/testkit';

interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
}

const CALLS: readonly Omit<FakeToolCall, 'id'>[] = [
  { name: 'list_files', arguments: { path: '.' } },
  { name: 'read_file', arguments: { path: 'long.txt' } },
  { name: 'glob_search', arguments: { pattern: '**/*' } },
];

/** What is in `long.txt` of the workspace: long enough that a tool's answer is a blob. */
export const LONG_FILE = 'a line of a file that is read by many\n'.repeat(600);

/** What the busy agent answers to this input, in the end. */
export function busyAnswerTo(input: string): string {
  return `Asked ${input} I looked at four things and answer in several words, one after the other.`;
}

/** Answers by what is in the request alone: three tool calls at once, then one more, then words one by one. */
export function startBusyAgent(): Promise<FakeProvider> {
  return startFakeProvider({ protocol: 'chat-completions', answer: nextTurn, record: false });
}

function nextTurn(body: JsonObject): FakeTurn {
  const messages = body['messages'] as unknown as ChatMessage[];
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  const looked = messages.slice(asked).filter(({ role }) => role === 'tool').length;
  if (looked < 4) {
    const calls = looked === 0 ? CALLS : CALLS.slice(0, 1);
    return { toolCalls: calls.map((call, index) => ({ id: `call_${looked}_${index}`, ...call })) };
  }
  const answer = busyAnswerTo(String(messages[asked]?.content));
  return { text: answer.split(/(?<= )/), delayMs: 4 };
}
