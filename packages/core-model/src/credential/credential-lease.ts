import * as v from 'valibot';
import { digestOfJson } from '../digest/digest.ts';
import type { CredentialScope } from './credential-scope.ts';

const routeAudience = { type: v.literal('route'), route_id: v.string(), slot_id: v.string() };
export const RouteAudience = v.strictObject(routeAudience);
export type RouteAudience = v.InferOutput<typeof RouteAudience>;

/** What a credential is given out for. */
export const CredentialAudience = v.variant('type', [
  RouteAudience,
  v.strictObject({
    type: v.literal('connector'),
    connector: v.string(),
    env_keys: v.array(v.string()),
  }),
  v.strictObject({
    type: v.literal('mcp_server'),
    server: v.string(),
    slot_id: v.string(),
    scopes_hash: v.string(),
  }),
]);
export type CredentialAudience = v.InferOutput<typeof CredentialAudience>;

/** Milliseconds for which a credential is lent, by its audience. */
export const leaseTtlMs = { route: 60_000, mcp_server: 60_000, connector: 300_000 } as const;

/** Leave to use the credential of an audience for a short time. */
export const CredentialLease = v.strictObject({
  id: v.string(),
  grant_id: v.string(),
  subject_id: v.string(),
  /** Of the subject when it was issued. */
  subject_epoch: v.number(),
  audience: CredentialAudience,
  issued_at_ms: v.number(),
  expires_at_ms: v.number(),
});
export type CredentialLease = v.InferOutput<typeof CredentialLease>;

/** By what right leases are issued: whoever has the same has the same grant. */
export interface CredentialGrant {
  readonly id: string;
  readonly subject_id: string;
  readonly subject_epoch: number;
  readonly scope: CredentialScope;
  readonly audience: CredentialAudience;
}

/** `scope` in its canonical form. */
export function grantOf(grant: Omit<CredentialGrant, 'id'>): CredentialGrant {
  return { ...grant, id: `grant_${digestOfJson(grant).slice('sha256:'.length)}` };
}
