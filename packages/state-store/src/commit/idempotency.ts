import { KheishError, digestOfText } from '@kheish/core-model';
import type { IdempotencyRequest, OnceCommand, StoredAnswer } from './command.ts';
import type { Statements } from './statements.ts';

const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

/** The answer already given under this key, if it is still kept. */
export function answerGiven(
  statements: Statements,
  request: IdempotencyRequest,
  atMs: number,
): StoredAnswer | undefined {
  const row = statements.idempotency.get(request.scope, digestOfText(request.key));
  if (row === undefined || row.expiresAtMs <= atMs) return undefined;
  if (row.fingerprint !== request.fingerprint) {
    throw new KheishError(
      'idempotency/idempotency_conflict',
      'This Idempotency-Key was used with another request. Use a new key for a new request.',
    );
  }
  return { status: row.status, body: row.body };
}

/** Kept under the command's session too: an answer quotes what was said, and is erased with it. */
export function keepAnswer(
  statements: Statements,
  { idempotency, load }: OnceCommand<unknown>,
  answer: StoredAnswer,
  atMs: number,
): void {
  const { scope, key, fingerprint } = idempotency;
  const { status, body } = answer;
  const sessionId = load.session ?? null;
  const until = atMs + KEPT_MS;
  const digest = digestOfText(key);
  statements.putIdempotency.run(scope, digest, fingerprint, sessionId, status, body, until);
}
