import * as v from 'valibot';

/** Which sessions leave the root for good. */
export const PruneRequest = v.strictObject({
  /** Those whose last event is at least so long ago. */
  older_than_ms: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** Only this one. */
  session_id: v.optional(v.string()),
  /** At most so many sessions; 1,000 when absent. */
  limit: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(10_000))),
  /** Tells what would leave, and lets it stay. */
  dry_run: v.optional(v.boolean()),
});
export type PruneRequest = v.InferOutput<typeof PruneRequest>;

export const PruneReport = v.strictObject({
  dry_run: v.boolean(),
  now_ms: v.number(),
  /** Sessions leave whose last event is at or before this. */
  cutoff_ms: v.number(),
  matched_session_count: v.number(),
  matched_run_count: v.number(),
  matched_event_count: v.number(),
  /** The first 100 of them. */
  session_ids: v.array(v.string()),
  /** There are more than the limit. */
  has_more: v.boolean(),
  /** Up to this event the journal is not whole any more. */
  floor_event_id: v.string(),
});
export type PruneReport = v.InferOutput<typeof PruneReport>;
