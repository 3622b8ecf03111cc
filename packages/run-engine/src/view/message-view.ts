import type { AssistantPart, Body, MessageView } from '@kheish/core-model';
import type { Store, TranscriptEntry } from '@kheish/state-store';

/** One entry of a transcript with its texts in full. */
export async function messageView(
  store: Store,
  sessionId: string,
  entry: TranscriptEntry,
): Promise<MessageView> {
  const { index, run_id, message } = entry;
  const text = (body: Body) => store.blobs.text(sessionId, body);
  if (message.role !== 'assistant') {
    return { index, run_id, ...message, content: await text(message.content) };
  }
  const parts: AssistantPart[] = [];
  for (const part of message.parts) {
    const resolved =
      part.type !== 'tool_call' && part.text !== undefined
        ? ({ ...part, text: await text(part.text) } as AssistantPart)
        : part;
    parts.push(resolved);
  }
  return { index, run_id, ...message, parts };
}
