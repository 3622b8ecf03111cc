import {
  type AssistantPart,
  type Body,
  type PromptMessage,
  type PromptPart,
  eraseBody,
} from '@kheish/core-model';
import type { Store, TranscriptEntry } from '@kheish/state-store';
import { shownOutput } from './shown-output.ts';

/** A message of a transcript as a prompt shows it, its texts in full but for long outputs of tools. */
export async function resolveMessage(
  store: Store,
  sessionId: string,
  { index, message }: TranscriptEntry,
  shortened: boolean,
): Promise<PromptMessage> {
  const text = (body: Body) => store.blobs.text(sessionId, body);
  if (message.role === 'user') return { ...message, content: await text(message.content) };
  if (message.role === 'tool') {
    const place = () => ({ index, digest: eraseBody(message.content).erased });
    return { ...message, content: shownOutput(await text(message.content), place, shortened) };
  }
  const parts: PromptPart[] = [];
  for (const part of message.parts) parts.push(await resolvePart(part, text));
  return { role: 'assistant', parts, driver: message.driver, model: message.model };
}

async function resolvePart(
  part: AssistantPart,
  text: (body: Body) => Promise<string>,
): Promise<PromptPart> {
  if (part.type === 'text') return { type: 'text', text: await text(part.text) };
  if (part.type !== 'reasoning') return part;
  const { text: body, ...rest } = part;
  return body === undefined ? rest : { ...rest, text: await text(body) };
}
