import { KheishError } from '@kheish/core-model';

/** Milliseconds until what the disk did not take is tried again; each time twice as many. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;

/** The pause after so many tries, from 1. Without chance: those who come back together share one commit. */
export function diskRetryMs(tries: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), LAST_RETRY_MS);
}

/** The store takes nothing now, and will again: the disk is full or sick, or the record of external actions cannot be written. */
export function isPassing(error: unknown): error is KheishError {
  return (
    error instanceof KheishError &&
    (error.code === 'storage/storage_unavailable' || error.code === 'audit/ledger_unavailable')
  );
}
