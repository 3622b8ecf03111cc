import * as v from 'valibot';
import { ApiRole } from '../access/api-role.ts';
import { TokenName } from '../access/api-token.ts';

const milliseconds = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** At most one of the two ends; without one the token lives until it is revoked. */
export const CreateTokenRequest = v.pipe(
  v.strictObject({
    name: TokenName,
    role: ApiRole,
    expires_at_ms: v.optional(milliseconds),
    expires_in_ms: v.optional(milliseconds),
  }),
  v.check(
    ({ expires_at_ms: at, expires_in_ms: after }) => at === undefined || after === undefined,
    'Give expires_at_ms or expires_in_ms, not both.',
  ),
);
export type CreateTokenRequest = v.InferOutput<typeof CreateTokenRequest>;

const token = {
  token_id: v.string(),
  name: v.string(),
  role: ApiRole,
  status: v.picklist(['active', 'expired', 'revoked']),
  created_at_ms: v.number(),
  /** `admin`, `token:<id>`, or `offline`. */
  created_by: v.string(),
  expires_at_ms: v.optional(v.number()),
  revoked_at_ms: v.optional(v.number()),
};

export const ApiTokenView = v.strictObject(token);
export type ApiTokenView = v.InferOutput<typeof ApiTokenView>;

/** The one answer that has the token itself. */
export const CreatedToken = v.strictObject({ ...token, token: v.string() });
export type CreatedToken = v.InferOutput<typeof CreatedToken>;
