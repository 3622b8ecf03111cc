import { type Clock, KheishError, type Operation, type ProblemCode } from '@kheish/core-model';
import type { Caller, Role } from '../call/call.ts';
import { FailureLimit } from './failure-limit.ts';

/** Who may come in. Comparing tokens in constant time is up to `authenticate`. */
export interface Access {
  /** False: every caller is an admin. */
  readonly enabled: boolean;
  authenticate(presented: string): Role | undefined;
}

const RATE_LIMITED_MS = 60_000;
const bearerHeader = /^bearer[ \t]+([^\s]+)[ \t]*$/i;

export type Authorize = (
  operation: Operation,
  authorization: string | undefined,
  remoteAddress: string,
) => Caller;

/** Decides who calls, and whether this operation is open to them (RFC 6750). */
export function bearerAuth(access: Access, clock: Clock): Authorize {
  const failures = new FailureLimit(clock);

  function refusal(code: ProblemCode, detail: string, remoteAddress: string): KheishError {
    if (!failures.exceeded(`${code} ${remoteAddress}`)) return new KheishError(code, detail);
    return new KheishError('auth/rate_limited', 'Too many failed attempts.', {
      retryAfterMs: RATE_LIMITED_MS,
    });
  }

  return (operation, authorization, remoteAddress) => {
    if (!access.enabled) return { role: 'admin' };
    if (operation.access === 'open') return { role: 'read' };
    const unauthorized = 'A valid bearer token is required.';
    if (authorization === undefined) {
      throw refusal('auth/missing_token', unauthorized, remoteAddress);
    }
    const presented = bearerHeader.exec(authorization)?.[1];
    if (presented === undefined) {
      throw refusal('auth/malformed_token', unauthorized, remoteAddress);
    }
    const role = access.authenticate(presented);
    if (role === undefined) throw refusal('auth/invalid_token', unauthorized, remoteAddress);
    if (role === 'read' && !(operation.method === 'GET' && operation.access === 'read')) {
      const detail = 'The read-only token does not allow this operation.';
      throw refusal('auth/insufficient_access', detail, remoteAddress);
    }
    return { role };
  };
}
