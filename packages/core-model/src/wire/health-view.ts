import * as v from 'valibot';

/** Something that an operator should know, and what to do about it. */
export const HealthWarning = v.strictObject({
  severity: v.picklist(['info', 'warning', 'error']),
  code: v.string(),
  message: v.string(),
  /** What it is about: a route, a token, a slot. */
  related_id: v.optional(v.string()),
  action: v.optional(v.string()),
});
export type HealthWarning = v.InferOutput<typeof HealthWarning>;

export const HealthView = v.strictObject({
  generated_at_ms: v.number(),
  /** Nothing of severity `error` is among the warnings. */
  ok: v.boolean(),
  warnings: v.array(HealthWarning),
});
