import type { DomainEvent } from '../journal/events.ts';

/** Events of each type of what the operator decides of credentials. */
export const authSamples: readonly DomainEvent[] = [
  { type: 'auth_subject_revoked', subject_id: 'session:s', epoch: 1 },
  { type: 'auth_subject_restored', subject_id: 'session:s' },
  { type: 'auth_lease_revoked', lease_id: 'lease_1', subject_id: 'session:s' },
  { type: 'auth_slot_revoked', slot_id: 'openai.prod', version: 1 },
  {
    type: 'session_credential_scope_set',
    session_id: 's',
    credential_scope: { route_allow: ['main'], connector_allow: [] },
  },
  { type: 'session_credential_scope_set', session_id: 's', credential_scope: null },
];
