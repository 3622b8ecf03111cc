import type { JsonObject, PromptMessage } from '@kheish/core-model';

/** What a tool answered to a call of the current task. */
export interface ToolOutcome {
  readonly tool: string;
  readonly input: JsonObject;
  readonly content: string;
  readonly isError: boolean;
}

/** The task at hand: the last user message and what was done about it since. */
export interface Task {
  readonly text: string;
  /** Answers of ours since then. */
  readonly turns: number;
  readonly outcomes: readonly ToolOutcome[];
}

/** Calls are named after their turn, since of a long task a prompt may show the end only. */
export function callId(messages: readonly PromptMessage[], turn: number, index: number): string {
  return `call_${messages.length}_${turn}_${index}`;
}

function turnsIn(since: readonly PromptMessage[]): number {
  const answers = since.flatMap((message) => (message.role === 'assistant' ? [message] : []));
  const last = answers.at(-1)?.parts.find((part) => part.type === 'tool_call');
  const turn = /^call_\d+_(\d+)_\d+$/.exec(last?.tool_call_id ?? '')?.[1];
  return turn === undefined ? answers.length : Number(turn) + 1;
}

export function currentTask(messages: readonly PromptMessage[]): Task {
  const start = messages.findLastIndex(({ role }) => role === 'user');
  const asked = messages[start];
  const since = messages.slice(start + 1);
  const inputs = new Map<string, JsonObject>();
  const outcomes: ToolOutcome[] = [];
  for (const message of since) {
    if (message.role === 'assistant') {
      for (const part of message.parts) {
        if (part.type === 'tool_call') inputs.set(part.tool_call_id, part.input ?? {});
      }
    }
    if (message.role === 'tool') {
      const input = inputs.get(message.tool_call_id) ?? {};
      const { tool_name: tool, content, is_error: isError } = message;
      outcomes.push({ tool, input, content, isError });
    }
  }
  return {
    text: asked?.role === 'user' ? asked.content : '',
    turns: turnsIn(since),
    outcomes,
  };
}
