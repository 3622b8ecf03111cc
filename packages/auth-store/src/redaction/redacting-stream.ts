import type { SecretMatcher } from './secret-matcher.ts';
import { Stretches } from './stretches.ts';

/** Takes secrets out of a text that comes in pieces, however it is cut. */
export interface RedactingStream {
  /** What can be let through by now: an end that may be the beginning of a secret is held back. */
  push(piece: string): string;
  /** What was held back; the text is over. */
  end(): string;
}

/** `current` is undefined while there is no secret; it may change between two pieces. */
export function redactingStream(
  current: () => SecretMatcher | undefined,
  mark: (length: number) => string,
): RedactingStream {
  let matcher: SecretMatcher | undefined;
  let held = '';
  let state = 0;
  let stretches = new Stretches();

  const read = (text: string, offset: number) => {
    if (matcher === undefined) return;
    state = matcher.read(text, state, (end, length) =>
      stretches.add(offset + end - length, offset + end),
    );
  };
  const letThrough = (until: number) => {
    const shown = stretches.isEmpty
      ? held.slice(0, until)
      : stretches.replaceUntil(held, until, mark);
    held = held.slice(until);
    return shown;
  };
  return {
    push(piece) {
      const newest = current();
      if (newest !== matcher) {
        matcher = newest;
        state = 0;
        stretches = new Stretches();
        read(held, 0);
      }
      if (matcher === undefined) return piece;
      read(piece, held.length);
      held += piece;
      return letThrough(stretches.safeEnd(held.length - matcher.begun(state)));
    },
    end() {
      const rest = letThrough(held.length);
      state = 0;
      return rest;
    },
  };
}
