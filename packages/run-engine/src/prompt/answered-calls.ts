import type { PromptMessage } from '@kheish/core-model';

type ToolAnswer = Extract<PromptMessage, { role: 'tool' }>;

/**
 * Providers refuse a prompt in which a tool call has no answer. A run that failed between the two leaves
 * such a call; the session must not be unusable for it. Answers stand right after the message that asked.
 */
export function withEveryCallAnswered(messages: readonly PromptMessage[]): PromptMessage[] {
  const complete: PromptMessage[] = [];
  let open = new Map<string, ToolAnswer>();
  const close = () => {
    complete.push(...open.values());
    open = new Map();
  };
  for (const message of messages) {
    if (message.role === 'tool') open.delete(message.tool_call_id);
    else close();
    complete.push(message);
    if (message.role !== 'assistant') continue;
    for (const part of message.parts) {
      if (part.type !== 'tool_call') continue;
      const { tool_call_id, tool_name } = part;
      const content = 'The call was not carried out.';
      open.set(tool_call_id, { role: 'tool', tool_call_id, tool_name, content, is_error: true });
    }
  }
  close();
  return complete;
}
