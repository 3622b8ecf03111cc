import { AuthSubjectStatus, CredentialLeaseStatus, RevokeSlotResult } from '../auth-view.ts';
import type { Operation } from './operation.ts';

/** Who may use credentials, and what is lent to whom. */
export const authOperations = {
  getAuthSubject: {
    method: 'GET',
    path: '/v1/runtime/auth/subjects/{subject_id}',
    access: 'admin',
    summary: 'Whether a subject may use credentials, and its active leases.',
    status: 200,
    response: AuthSubjectStatus,
  },
  revokeAuthSubject: {
    method: 'POST',
    path: '/v1/runtime/auth/subjects/{subject_id}/revoke',
    access: 'admin',
    summary: 'Lend a subject nothing more: no call begins in its name after the answer.',
    status: 200,
    response: AuthSubjectStatus,
    idempotent: true,
  },
  restoreAuthSubject: {
    method: 'POST',
    path: '/v1/runtime/auth/subjects/{subject_id}/restore',
    access: 'admin',
    summary: 'Let a subject use credentials again; its earlier leases stay void.',
    status: 200,
    response: AuthSubjectStatus,
    idempotent: true,
  },
  getCredentialLease: {
    method: 'GET',
    path: '/v1/runtime/auth/leases/{lease_id}',
    access: 'admin',
    summary: 'One lease; it is forgotten some time after its end.',
    status: 200,
    response: CredentialLeaseStatus,
  },
  revokeCredentialLease: {
    method: 'POST',
    path: '/v1/runtime/auth/leases/{lease_id}/revoke',
    access: 'admin',
    summary: 'Void one lease. Its subject may get another.',
    status: 200,
    response: CredentialLeaseStatus,
    idempotent: true,
  },
  revokeAuthSlot: {
    method: 'POST',
    path: '/v1/runtime/auth/slots/{slot_id}/revoke',
    access: 'admin',
    summary: 'Lend what a slot holds to nobody; the next secret that is set in it is lent again.',
    status: 200,
    response: RevokeSlotResult,
    idempotent: true,
  },
} as const satisfies Record<string, Operation>;
