import type { IncomingMessage } from 'node:http';
import { KheishError, type Operation, type ProblemCode, admits } from '@kheish/core-model';
import { type Caller, identityOf } from '../call/call.ts';
import type { Refusal, Refusals } from './refusals.ts';

/** Who may come in. Comparing tokens in constant time is up to `authenticate`. */
export interface Access {
  /** False: every caller is an admin. It may turn true while the API serves, and never back. */
  readonly enabled: boolean;
  authenticate(presented: string): Caller | undefined;
  /** The named token that a text claims to be, genuine or not. */
  claimedTokenId?(presented: string): string | undefined;
}

/** A caller, and whether the token that made it one still does. */
interface Admission {
  readonly caller: Caller;
  readonly stands: () => boolean;
}

export type Authorize = (
  operation: Pick<Operation, 'access' | 'method'>,
  incoming: IncomingMessage,
) => Admission;

const RATE_LIMITED_MS = 60_000;
const bearerHeader = /^bearer[ \t]+([^\s]+)[ \t]*$/i;

const unauthorized = 'A valid bearer token is required.';

/** Decides who calls, and whether this operation is open to them (RFC 6750). */
export function bearerAuth(access: Access, refusals: Refusals): Authorize {
  /** `presented` undefined: there was none to present. */
  function callerOf(presented: string | undefined): Caller | undefined {
    if (!access.enabled) return { role: 'admin' };
    return presented === undefined ? undefined : access.authenticate(presented);
  }

  return (operation, incoming) => {
    const refuse = (code: ProblemCode, detail: string, tokenId?: string): never => {
      const reason = code.slice('auth/'.length);
      const refusal: Refusal = { kind: 'auth', reason, access: operation.access, tokenId };
      if (!refusals.add(refusal, incoming)) throw new KheishError(code, detail);
      throw new KheishError('auth/rate_limited', 'Too many failed attempts.', {
        retryAfterMs: RATE_LIMITED_MS,
      });
    };

    // Nothing is looked up for a probe: it answers while the disk does not.
    if (operation.access === 'open') return { caller: { role: 'readonly' }, stands: () => true };
    const { authorization = [] } = incoming.headersDistinct;
    const [header, second] = authorization;
    const presented =
      header === undefined || second !== undefined ? undefined : bearerHeader.exec(header)?.[1];
    const caller = callerOf(presented);
    if (caller === undefined) {
      if (header === undefined) return refuse('auth/missing_token', unauthorized);
      if (presented === undefined) return refuse('auth/malformed_token', unauthorized);
      return refuse('auth/invalid_token', unauthorized, access.claimedTokenId?.(presented));
    }
    if (!mayCall(caller, operation)) {
      const detail = `The role ${caller.role} does not allow this operation; it needs ${operation.access}.`;
      return refuse('auth/insufficient_access', detail, caller.tokenId);
    }
    const stands = () => {
      const now = callerOf(presented);
      return now !== undefined && identityOf(now) === identityOf(caller);
    };
    return { caller, stands };
  };
}

/** A reader changes nothing, even where an operation is marked as a read. */
function mayCall({ role }: Caller, { access, method }: Pick<Operation, 'access' | 'method'>) {
  return admits(access, role) && (role !== 'readonly' || method === 'GET');
}
