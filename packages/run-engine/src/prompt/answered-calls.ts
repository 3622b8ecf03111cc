import type { PromptMessage } from '@kheish/core-model';

type ToolAnswer = Extract<PromptMessage, { role: 'tool' }>;

/**
 * A transcript as a prompt. Providers refuse one in which a tool call has no answer. A run that failed between the two
 * leaves such a call; the session must not be unusable for it. Answers stand right after the message that asked.
 */
export class AnsweredCalls {
  readonly #messages: PromptMessage[] = [];
  readonly #open = new Map<string, ToolAnswer>();

  add(message: PromptMessage): void {
    if (message.role === 'tool') this.#open.delete(message.tool_call_id);
    else {
      this.#messages.push(...this.#open.values());
      this.#open.clear();
    }
    this.#messages.push(message);
    if (message.role !== 'assistant') return;
    for (const part of message.parts) {
      if (part.type !== 'tool_call') continue;
      const { tool_call_id, tool_name } = part;
      const content = 'The call was not carried out.';
      this.#open.set(tool_call_id, {
        role: 'tool',
        tool_call_id,
        tool_name,
        content,
        is_error: true,
      });
    }
  }

  /** What was added so far, every call answered. */
  prompt(): PromptMessage[] {
    return [...this.#messages, ...this.#open.values()];
  }
}
