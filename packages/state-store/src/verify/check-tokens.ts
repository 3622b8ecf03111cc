import type Database from 'better-sqlite3';
import type { Find } from './verify-store.ts';

/** The journal knows everything of a token but its digest, which is there until the token is revoked. */
export function checkTokens(db: Database.Database, find: Find): void {
  const wrong = db
    .prepare<[], { tokenId: string }>(
      `WITH made AS (
         SELECT body ->> 'token_id' token_id, body ->> 'name' name, body ->> 'role' role,
           body ->> 'created_by' created_by, body ->> 'at_ms' created_at_ms,
           body ->> 'expires_at_ms' expires_at_ms
         FROM journal WHERE type = 'token_created' AND json_valid(body)),
       ended AS (
         SELECT body ->> 'token_id' token_id, min(body ->> 'at_ms') at_ms
         FROM journal WHERE type = 'token_revoked' AND json_valid(body) GROUP BY 1)
       SELECT coalesce(made.token_id, kept.token_id) tokenId
       FROM made LEFT JOIN ended ON ended.token_id = made.token_id
       FULL JOIN api_tokens kept ON kept.token_id = made.token_id
       WHERE made.name IS NOT kept.name OR made.role IS NOT kept.role
         OR made.created_by IS NOT kept.created_by OR made.created_at_ms IS NOT kept.created_at_ms
         OR made.expires_at_ms IS NOT kept.expires_at_ms OR ended.at_ms IS NOT kept.revoked_at_ms
         OR (ended.at_ms IS NULL) IS NOT (kept.digest IS NOT NULL)
       ORDER BY tokenId`,
    )
    .all();
  for (const { tokenId } of wrong) {
    find('token', tokenId, 'the row is not what the journal says of it');
  }
}
