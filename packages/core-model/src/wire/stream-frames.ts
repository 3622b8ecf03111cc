import * as v from 'valibot';

/**
 * Between two durable events, what a model is saying. It has no id and is not kept. A higher `attempt`
 * of the same step replaces what came before, and so does `run_recovered`, after which the step begins again;
 * `offset` counts UTF-16 units of this channel.
 */
export const ModelDelta = v.object({
  type: v.literal('model_delta'),
  run_id: v.string(),
  session_id: v.string(),
  step: v.number(),
  attempt: v.number(),
  offset: v.number(),
  text: v.optional(v.string()),
  reasoning: v.optional(v.string()),
});
export type ModelDelta = v.InferOutput<typeof ModelDelta>;

/** The cursor was below the retention floor: events up to `resume_after_id` are not kept any more. */
export const StreamGap = v.object({
  type: v.literal('stream_gap'),
  reason: v.literal('retention_floor'),
  resume_after_id: v.string(),
});
export type StreamGap = v.InferOutput<typeof StreamGap>;
