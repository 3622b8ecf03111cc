import type {
  AuthSubjectStatus,
  CredentialLeaseStatus,
  RevokeSlotResult,
} from '@kheish/core-model';
import { type CallOptions, type KeyedCallOptions, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';

/** Who may use credentials, and what is lent to whom. Subjects are `session:<id>` and `daemon`. */
export interface Auth {
  subject(subjectId: string, options?: CallOptions): Promise<AuthSubjectStatus>;
  /** No call begins in the subject's name after this resolves. */
  revokeSubject(subjectId: string, options?: KeyedCallOptions): Promise<AuthSubjectStatus>;
  restoreSubject(subjectId: string, options?: KeyedCallOptions): Promise<AuthSubjectStatus>;
  lease(leaseId: string, options?: CallOptions): Promise<CredentialLeaseStatus>;
  revokeLease(leaseId: string, options?: KeyedCallOptions): Promise<CredentialLeaseStatus>;
  /** Until a new secret is set in the slot. */
  revokeSlot(slotId: string, options?: KeyedCallOptions): Promise<RevokeSlotResult>;
}

const subject = (subject_id: string) => ({ path: { subject_id } });
const lease = (lease_id: string) => ({ path: { lease_id } });

export function authOf(transport: Transport): Auth {
  return {
    subject: (id, options) => request(transport, 'getAuthSubject', { ...options, ...subject(id) }),
    revokeSubject: (id, options) =>
      request(transport, 'revokeAuthSubject', { ...options, ...subject(id) }),
    restoreSubject: (id, options) =>
      request(transport, 'restoreAuthSubject', { ...options, ...subject(id) }),
    lease: (id, options) => request(transport, 'getCredentialLease', { ...options, ...lease(id) }),
    revokeLease: (id, options) =>
      request(transport, 'revokeCredentialLease', { ...options, ...lease(id) }),
    revokeSlot: (slot_id, options) =>
      request(transport, 'revokeAuthSlot', { ...options, path: { slot_id } }),
  };
}
