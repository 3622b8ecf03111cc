import * as v from 'valibot';
import { CredentialScope } from './credential-scope.ts';

/** Nothing is lent in the name of the subject any more. `epoch`: its new one; leases of those before are void. */
const AuthSubjectRevoked = v.strictObject({
  type: v.literal('auth_subject_revoked'),
  subject_id: v.string(),
  epoch: v.number(),
});

const AuthSubjectRestored = v.strictObject({
  type: v.literal('auth_subject_restored'),
  subject_id: v.string(),
});

const AuthLeaseRevoked = v.strictObject({
  type: v.literal('auth_lease_revoked'),
  lease_id: v.string(),
  subject_id: v.string(),
});

/** What the slot holds in this version is lent to nobody any more; the next version is. */
const AuthSlotRevoked = v.strictObject({
  type: v.literal('auth_slot_revoked'),
  slot_id: v.string(),
  version: v.number(),
});

/** `credential_scope` null: the session may use everything again. */
const SessionCredentialScopeSet = v.strictObject({
  type: v.literal('session_credential_scope_set'),
  session_id: v.string(),
  credential_scope: v.nullable(CredentialScope),
});

/** What the operator decides of who may use credentials. */
export const authEvents = [
  AuthSubjectRevoked,
  AuthSubjectRestored,
  AuthLeaseRevoked,
  AuthSlotRevoked,
  SessionCredentialScopeSet,
] as const;
