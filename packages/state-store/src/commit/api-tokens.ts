import type { ApiRole, ApiToken, Digest } from '@kheish/core-model';
import type { Statements, TokenRow } from './statements.ts';

export function tokenOf(row: TokenRow): ApiToken;
export function tokenOf(row: TokenRow | undefined): ApiToken | undefined;
export function tokenOf(row: TokenRow | undefined): ApiToken | undefined {
  if (row === undefined) return undefined;
  return {
    token_id: row.tokenId,
    name: row.name,
    role: row.role as ApiRole,
    ...(row.digest !== null && { digest: row.digest as Digest }),
    created_at_ms: row.createdAtMs,
    created_by: row.createdBy,
    ...(row.expiresAtMs !== null && { expires_at_ms: row.expiresAtMs }),
    ...(row.revokedAtMs !== null && { revoked_at_ms: row.revokedAtMs }),
  };
}

export function writeToken(statements: Statements, token: ApiToken): void {
  statements.putToken.run(
    token.token_id,
    token.name,
    token.role,
    token.digest ?? null,
    token.created_at_ms,
    token.created_by,
    token.expires_at_ms ?? null,
    token.revoked_at_ms ?? null,
  );
}
