import { type Json, type PromptPart, isJsonObject } from '@kheish/core-model';

/**
 * A signature is valid only in the place where it came. It is kept as reasoning right before what it came with:
 * - `call`: the tool call that follows;
 * - `text`: the text that follows, from the character `at` on;
 * - `thought`: the thought itself;
 * - `nothing`: a part of its own without a text.
 */
export type ThoughtSignature =
  | { readonly thought_signature: string; readonly on: 'call' | 'thought' | 'nothing' }
  | { readonly thought_signature: string; readonly on: 'text'; readonly at: number };

export function signaturePart(signature: ThoughtSignature, text = ''): PromptPart {
  return { type: 'reasoning', ...(text !== '' && { text }), opaque: signature as Json };
}

export function signatureOf(opaque: Json | undefined): ThoughtSignature | undefined {
  const signed = isJsonObject(opaque) && typeof opaque['thought_signature'] === 'string';
  return signed ? (opaque as unknown as ThoughtSignature) : undefined;
}
