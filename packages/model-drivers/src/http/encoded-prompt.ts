import type { PromptMessage } from '@kheish/core-model';

/**
 * The JSON of a message, made once as long as the model stays the same. A transcript grows at its end only and holds
 * the same objects at every step, so that a step costs what was added, and not the whole conversation anew.
 */
export function encodedOnce(
  encode: (message: PromptMessage, model: string) => string,
): (message: PromptMessage, model: string) => string {
  const known = new WeakMap<PromptMessage, { readonly model: string; readonly text: string }>();
  return (message, model) => {
    const before = known.get(message);
    if (before?.model === model) return before.text;
    const text = encode(message, model);
    known.set(message, { model, text });
    return text;
  };
}

/** The list's elements as they stand in a JSON list, without its brackets. */
export function encodedItems(items: readonly object[]): string {
  return JSON.stringify(items).slice(1, -1);
}

/** A JSON list of what `encodedItems` gave; what has no elements leaves no trace. */
export function encodedList(items: readonly string[]): string {
  return `[${items.filter((item) => item !== '').join(',')}]`;
}

/** The JSON of `body` with one more field, whose value is JSON already. */
export function withEncoded(body: object, name: string, value: string): string {
  return `${JSON.stringify(body).slice(0, -1)},${JSON.stringify(name)}:${value}}`;
}
