import { type ApiRole, type ApiToken, type EventOf, KheishError } from '@kheish/core-model';

export interface TokenWish {
  readonly name: string;
  readonly role: ApiRole;
  readonly expires_at_ms?: number | undefined;
  readonly expires_in_ms?: number | undefined;
}

export interface TokenChange {
  readonly event: EventOf<'token_created' | 'token_revoked'>;
  /** The row to put in place of the one before. */
  readonly token: ApiToken;
}

/** The end of the year 9999. */
const LAST_MS = 253_402_300_799_999;

type NewToken = Required<Pick<ApiToken, 'token_id' | 'digest' | 'created_by'>>;

/** Throws `auth/invalid_expiry` for an end that is not ahead. */
export function decideCreateToken(wish: TokenWish, made: NewToken, atMs: number): TokenChange {
  const { name, role, expires_in_ms: after, expires_at_ms: at } = wish;
  const expires = after === undefined ? at : atMs + after;
  if (expires !== undefined && (expires <= atMs || expires > LAST_MS)) {
    throw new KheishError(
      'auth/invalid_expiry',
      'A token expires in the future, by the year 9999.',
    );
  }
  const { token_id, created_by, digest } = made;
  const told = { token_id, name, role, created_by, ...(expires && { expires_at_ms: expires }) };
  return {
    event: { type: 'token_created', ...told },
    token: { ...told, digest, created_at_ms: atMs },
  };
}

/** Undefined where it was revoked before. Throws `auth/token_not_found`. */
export function decideRevokeToken(
  token: ApiToken | undefined,
  tokenId: string,
  revokedBy: string,
  atMs: number,
): TokenChange | undefined {
  if (token === undefined) {
    throw new KheishError('auth/token_not_found', `There is no token ${tokenId}.`);
  }
  if (token.revoked_at_ms !== undefined) return undefined;
  const { digest: _gone, ...rest } = token;
  return {
    event: { type: 'token_revoked', token_id: tokenId, revoked_by: revokedBy },
    token: { ...rest, revoked_at_ms: atMs },
  };
}
