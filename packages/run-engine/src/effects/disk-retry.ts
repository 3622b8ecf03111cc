/** Milliseconds until what the disk did not take is tried again; each time twice as many. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/** The pause after so many tries, from 1. Without chance: those who come back together share one commit. */
export function diskRetryMs(tries: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LAST_RETRY_MS);
}
