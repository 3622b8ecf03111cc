import * as v from 'valibot';
import type { Digest } from '../digest/digest.ts';
import { ApiRole } from './api-role.ts';

/** What a person calls a token. */
export const TokenName = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9._@ -]{0,63}$/,
    'A name has up to 64 letters, digits, ".", "_", "@", "-" and spaces, and begins with a letter or digit.',
  ),
);

/** A named token as it is kept. The token itself is nowhere. */
export interface ApiToken {
  readonly token_id: string;
  readonly name: string;
  readonly role: ApiRole;
  /** Of the whole token; gone once it is revoked. */
  readonly digest?: Digest;
  readonly created_at_ms: number;
  /** Who made it: `admin`, `token:<id>`, or `offline`. */
  readonly created_by: string;
  readonly expires_at_ms?: number;
  readonly revoked_at_ms?: number;
}

/** The digest is in its own table; the journal only says that there is a new token. */
const TokenCreated = v.strictObject({
  type: v.literal('token_created'),
  token_id: v.string(),
  name: v.string(),
  role: ApiRole,
  created_by: v.string(),
  expires_at_ms: v.optional(v.number()),
});

const TokenRevoked = v.strictObject({
  type: v.literal('token_revoked'),
  token_id: v.string(),
  revoked_by: v.string(),
});

export const tokenEvents = [TokenCreated, TokenRevoked] as const;
