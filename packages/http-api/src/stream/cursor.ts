import { KheishError } from '@kheish/core-model';

/**
 * The event after which a client wants to go on: the larger of `?cursor=` and `Last-Event-ID`, at most the head.
 * Undefined where both are absent or blank. Throws `events/invalid_event_cursor`.
 */
export function readCursor(
  given: readonly (string | undefined)[],
  head: number,
): number | undefined {
  const numbers = given
    .map((text) => text?.trim() ?? '')
    .filter((text) => text !== '')
    .map((text) => {
      if (/^[0-9]+$/.test(text)) return Number(text);
      throw new KheishError('events/invalid_event_cursor', 'An event cursor is a decimal number.');
    });
  return numbers.length === 0 ? undefined : Math.min(Math.max(...numbers), head);
}
