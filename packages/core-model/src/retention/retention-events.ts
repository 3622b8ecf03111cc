import * as v from 'valibot';

const Amount = v.strictObject({ tokens: v.number(), usd_micros: v.number() });

/**
 * Ended sessions left the journal, whole, with their runs, tasks, messages and texts. What of them stays in sums stands
 * here: this event is the base on which the rest of the journal is replayed.
 */
const SessionsPruned = v.strictObject({
  type: v.literal('sessions_pruned'),
  session_ids: v.array(v.string()),
  run_count: v.number(),
  event_count: v.number(),
  /** The newest event that left, now or before: up to it the journal is not whole. */
  floor: v.number(),
  /** What their model calls spent and put aside, by UTC day. */
  days: v.record(v.string(), v.strictObject({ spent: Amount, reserved: Amount })),
});

export const retentionEvents = [SessionsPruned] as const;
