import {
  type CredentialScope,
  KheishError,
  canonicalScope,
  grantOf,
  isInScope,
  leaseTtlMs,
  type NewId,
  subjectOfSession,
} from '@kheish/core-model';
import type { Authority, StoredLease } from '@kheish/state-store';
import { LRUCache } from 'lru-cache';

/** Use of a route in the name of a session. */
export interface RouteUse {
  readonly sessionId: string;
  /** Of the session, as it is now; absent: everything. */
  readonly scope: CredentialScope | undefined;
  readonly routeId: string;
  /** What holds the route's credential; absent: it needs none. */
  readonly slotId: string | undefined;
}

/** Throws where the operator does not let this be used now, in words that say how that is mended. */
export function refuseUnlent(authority: Authority, use: RouteUse): void {
  const { sessionId, scope, routeId, slotId } = use;
  const subjectId = subjectOfSession(sessionId);
  if (authority.subject(subjectId).revoked) {
    throw new KheishError(
      'credentials/subject_revoked',
      `The operator revoked ${subjectId}: it may use no credentials until \`kheish runtime auth restore-subject ${subjectId}\`.`,
    );
  }
  if (!isInScope(scope, 'route', routeId)) {
    throw new KheishError(
      'runtime/route_blocked_by_credential_scope',
      `The credential scope of session ${sessionId} blocks route ${routeId}. Choose another route, or widen it with \`kheish sessions set-credential-scope ${sessionId}\`.`,
    );
  }
  if (slotId === undefined) return;
  const slot = authority.slot(slotId);
  if (slot.revoked) {
    throw new KheishError('credentials/slot_revoked', revokedSlot(slotId));
  }
  if (slot.version > 0 && !slot.holds) {
    throw new KheishError('secrets/secret_not_found', `There is no secret "${slotId}".`);
  }
}

/** The key of a route that is written down beside it stands in no slot; this is what it is called. */
export function inlineSlotOf(routeId: string): string {
  return `inline-route:${routeId}`;
}

function revokedSlot(slotId: string): string {
  const said = `The operator revoked slot ${slotId}`;
  return slotId.startsWith('inline-route:')
    ? `${said}, the key that the configuration gives this route: seal a new one with \`kheish secrets set\` and name it in the route's auth_ref.`
    : `${said}: set a new secret with \`kheish secrets set ${slotId}\`.`;
}

/**
 * The lease for a use, of which at least `remainingMs` remain: the newest of its grant, or a new one. Throws as
 * `refuseUnlent`. Undefined where no credential is needed.
 */
export function decideLease(
  authority: Authority & { issue(lease: StoredLease): void },
  use: RouteUse,
  at: { readonly atMs: number; readonly remainingMs: number; readonly newId: NewId },
): StoredLease | undefined {
  refuseUnlent(authority, use);
  const { sessionId, routeId, slotId } = use;
  if (slotId === undefined) return undefined;
  const { atMs, remainingMs, newId } = at;
  const { subject_id, epoch: subject_epoch } = authority.subject(subjectOfSession(sessionId));
  const scope = canonicalScope(use.scope ?? {});
  const audience = { type: 'route', route_id: routeId, slot_id: slotId } as const;
  const grant_id = grantIdOf({ subject_id, subject_epoch, scope, audience });
  const newest = authority.newestLease(grant_id);
  if (newest !== undefined && lasts(authority, newest, atMs + remainingMs)) return newest;
  const issued: StoredLease = {
    lease: {
      id: newId('lease'),
      grant_id,
      subject_id,
      subject_epoch,
      audience,
      issued_at_ms: atMs,
      expires_at_ms: atMs + leaseTtlMs.route,
    },
    scope,
    slotVersion: authority.slot(slotId).version,
    revoked: false,
  };
  authority.issue(issued);
  return issued;
}

/** Digests that were made before: most calls have the grant of an earlier one. */
const grantIds = new LRUCache<string, string>({ max: 1_024 });

function grantIdOf(grant: Parameters<typeof grantOf>[0]): string {
  const text = JSON.stringify(grant);
  const known = grantIds.get(text);
  if (known !== undefined) return known;
  const { id } = grantOf(grant);
  grantIds.set(text, id);
  return id;
}

/** Whether a call may begin with the lease at that time, as things stand now. */
export function lasts(authority: Authority, stored: StoredLease, atMs: number): boolean {
  const { lease, slotVersion, revoked } = stored;
  const subject = authority.subject(lease.subject_id);
  if (revoked || subject.revoked || subject.epoch !== lease.subject_epoch) return false;
  const remainingMs = lease.expires_at_ms - atMs;
  // More than it ever had: the clock was set back, and nobody knows how long it is lent already.
  if (remainingMs < 0 || remainingMs > leaseTtlMs[lease.audience.type]) return false;
  if (!('slot_id' in lease.audience)) return true;
  const slot = authority.slot(lease.audience.slot_id);
  return !slot.revoked && slot.version === slotVersion && (slot.holds || slot.version === 0);
}
