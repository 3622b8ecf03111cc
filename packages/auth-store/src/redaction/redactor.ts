import { mapForeignJson, mapJsonTexts } from './redact-json.ts';
import { type RedactingStream, redactingStream } from './redacting-stream.ts';
import { formsOf } from './secret-forms.ts';
import { SecretMatcher } from './secret-matcher.ts';
import { Stretches } from './stretches.ts';

export const REDACTED = '[redacted]';

/** Characters. Shorter values would tear holes into ordinary words. */
const SHORTEST_SECRET = 8;

/** Takes known secrets out of whatever is kept, shown or sent on. */
export interface Redactor {
  /** False for one of fewer than 8 characters, which is not kept. */
  add(secret: string): boolean;
  redact(text: string): string;
  /** All strings of a value of ours, but ids, digests and fixed words; the same value where nothing changes. */
  redactJson<T>(value: T): T;
  /** All strings of a value that somebody else made up, names of fields included. */
  redactForeign<T>(value: T): T;
  /** Equal in the end to `redact` of the whole. */
  stream(): RedactingStream;
  /** The same for bytes of UTF-8, each secret replaced by as many bytes. */
  byteStream(): RedactingByteStream;
}

interface RedactingByteStream {
  push(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

/** Whether texts can be searched for it without tearing holes into ordinary words. */
export function isRedactable(secret: string): boolean {
  return secret.length >= SHORTEST_SECRET;
}

export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  const forms = new Set<string>();
  let matcher: SecretMatcher | undefined;
  let isCurrent = true;

  const current = () => {
    if (!isCurrent) {
      matcher = new SecretMatcher(forms);
      isCurrent = true;
    }
    return matcher;
  };
  const redact = (text: string) => {
    const compiled = current();
    if (compiled === undefined) return text;
    let found: Stretches | undefined;
    compiled.read(text, 0, (end, length) => (found ??= new Stretches()).add(end - length, end));
    return found?.replaceUntil(text, text.length, () => REDACTED) ?? text;
  };
  return {
    add(secret) {
      if (!isRedactable(secret)) return false;
      // A token is told of with each request.
      if (secrets.has(secret)) return true;
      secrets.add(secret);
      const before = forms.size;
      for (const form of formsOf(secret)) forms.add(form);
      if (forms.size > before) isCurrent = false;
      return true;
    },
    redact,
    redactJson: (value) =>
      current() === undefined ? value : (mapJsonTexts(value, redact) as typeof value),
    redactForeign: (value) =>
      current() === undefined ? value : (mapForeignJson(value, redact) as typeof value),
    stream: () => redactingStream(current, () => REDACTED),
    byteStream() {
      const stream = redactingStream(current, (length) =>
        REDACTED.padEnd(length, '*').slice(0, length),
      );
      return {
        push(bytes) {
          if (current() === undefined) return bytes;
          return Buffer.from(stream.push(Buffer.from(bytes).toString('latin1')), 'latin1');
        },
        end: () => Buffer.from(stream.end(), 'latin1'),
      };
    },
  };
}
