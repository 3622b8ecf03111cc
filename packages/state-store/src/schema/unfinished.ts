/** Of a run that has not ended. A query that is to use the index of those repeats these very words. */
export const UNFINISHED = `status NOT IN ('completed', 'failed', 'interrupted', 'cancelled')`;
