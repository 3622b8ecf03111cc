import * as v from 'valibot';

/** Somebody was not let in. `..._rate_limited`: that so many came that the rest of the minute is not recorded. */
export const AuthFailure = v.strictObject({
  timestamp_ms: v.number(),
  event: v.picklist([
    'auth_failure',
    'auth_rate_limited',
    'cors_origin_rejected',
    'cors_origin_rate_limited',
    'host_rejected',
    'host_rate_limited',
  ]),
  method: v.string(),
  /** Without its query; of what is long the beginning. */
  path: v.string(),
  /** The code of the problem, for example `invalid_token`. */
  reason: v.string(),
  origin: v.optional(v.string()),
  remote_addr: v.optional(v.string()),
  required_access: v.optional(v.picklist(['read', 'operator', 'admin'])),
  /** The named token that was presented, where it was one, whether or not it is genuine. */
  token_id: v.optional(v.string()),
});
export type AuthFailure = v.InferOutput<typeof AuthFailure>;
