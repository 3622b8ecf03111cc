import type { Redactor } from '@kheish/auth-store';
import type { PromptPart } from '@kheish/core-model';

type Parts = Pick<Redactor, 'redact' | 'redactForeign' | 'stream'>;

/** What a model answered without known secrets, also where one begins in one text and ends in the next. */
export function redactedParts(parts: readonly PromptPart[], redactor: Parts): PromptPart[] {
  return withoutSplitSecrets(
    parts.map((part) => redactedPart(part, redactor)),
    redactor,
  );
}

function redactedPart(part: PromptPart, redactor: Parts): PromptPart {
  if (part.type === 'text') return { ...part, text: redactor.redact(part.text) };
  if (part.type === 'tool_call') {
    const { type, ...call } = part;
    const redacted = redactor.redactForeign(call);
    const isNamed = redacted.tool_call_id === call.tool_call_id;
    return { type, ...redacted, ...(!isNamed && { tool_call_id: '' }) };
  }
  const { opaque: own, ...thought } = part;
  const opaque = redactor.redactForeign(own);
  const text = part.text === undefined ? undefined : redactor.redact(part.text);
  // The provider signs its own form together with the text: it takes none that was changed.
  if (opaque === own && text === part.text) return part;
  return { ...thought, ...(text !== undefined && { text }) };
}

function withoutSplitSecrets(parts: PromptPart[], redactor: Parts): PromptPart[] {
  const said = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
  if (redactor.redact(said) === said) return parts;
  const stream = redactor.stream();
  const last = parts.findLastIndex((part) => part.type === 'text');
  return parts.map((part, index) => {
    if (part.type !== 'text') return part;
    const text = stream.push(part.text) + (index === last ? stream.end() : '');
    return { ...part, text };
  });
}
