import { formsOf } from './secret-forms.ts';

export const REDACTED = '[redacted]';

/** Shorter values would tear holes into ordinary words. */
const SHORTEST_SECRET = 8;

/** Takes known secrets out of texts, above all log lines. */
export interface Redactor {
  /** Values shorter than 8 characters are not kept. */
  add(secret: string): void;
  redact(text: string): string;
}

/** Every stretch of the text that a form covers; overlapping ones are one. */
function coveredStretches(text: string, forms: Iterable<string>): [number, number][] {
  const found: [number, number][] = [];
  for (const form of forms) {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) {
      found.push([at, at + form.length]);
    }
  }
  found.sort(([left], [right]) => left - right);
  const merged: [number, number][] = [];
  for (const [begin, end] of found) {
    const last = merged.at(-1);
    if (last !== undefined && begin < last[1]) last[1] = Math.max(last[1], end);
    else merged.push([begin, end]);
  }
  return merged;
}

export function createRedactor(): Redactor {
  const forms = new Set<string>();
  return {
    add(secret) {
      if (secret.length < SHORTEST_SECRET) return;
      for (const form of formsOf(secret)) forms.add(form);
    },
    redact(text) {
      let result = '';
      let from = 0;
      for (const [begin, end] of coveredStretches(text, forms)) {
        result += text.slice(from, begin) + REDACTED;
        from = end;
      }
      return result + text.slice(from);
    },
  };
}
