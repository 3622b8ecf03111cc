import * as v from 'valibot';
import { CredentialLease } from '../credential/credential-lease.ts';

export const AuthSubjectStatus = v.strictObject({
  subject_id: v.string(),
  /** Times that it was revoked. */
  current_epoch: v.number(),
  revoked: v.boolean(),
  active_route_lease_ids: v.array(v.string()),
  active_connector_lease_ids: v.array(v.string()),
  active_mcp_lease_ids: v.array(v.string()),
});
export type AuthSubjectStatus = v.InferOutput<typeof AuthSubjectStatus>;

export const CredentialLeaseStatus = v.strictObject({
  lease: CredentialLease,
  /** It was revoked itself; that of its subject or slot shows in `active`. */
  revoked: v.boolean(),
  /** A call may begin with it now. */
  active: v.boolean(),
});
export type CredentialLeaseStatus = v.InferOutput<typeof CredentialLeaseStatus>;

export const RevokeSlotResult = v.strictObject({
  slot_id: v.string(),
  /** The leases that were active until now. */
  revoked_leases: v.array(v.string()),
});
export type RevokeSlotResult = v.InferOutput<typeof RevokeSlotResult>;
