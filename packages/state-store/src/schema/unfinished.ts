/** Of a run that has not ended. A query that is to use the index of those repeats these very words. */
export const UNFINISHED = `status NOT IN ('completed', 'failed', 'interrupted', 'cancelled')`;

/** Of a task whose command may be running; to be repeated in these very words, too. */
export const LIVE_SHELL = `kind = 'shell' AND status IN ('pending', 'in_progress', 'blocked')`;
