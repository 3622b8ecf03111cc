import type { AuthSlotRecord, AuthSlotStatus, SealedSlot } from '@kheish/core-model';

/** What kind of secret it is, and nothing of the secret. */
export function summaryOf(record: AuthSlotRecord): string {
  if (record.provider === 'generic') return 'Opaque secret';
  if (record.provider !== 'open_ai') return 'API key';
  const { organization, project } = record.state;
  const set = [
    ...(typeof organization === 'string' ? ['organization'] : []),
    ...(typeof project === 'string' ? ['project'] : []),
  ];
  return set.length === 0 ? 'API key' : `API key (${set.join(' and ')} set)`;
}

/** What may be said of a slot; no key is needed. */
export function statusOf(sealed: SealedSlot): AuthSlotStatus {
  const { slot_id, provider, mode, summary, version, updated_at_ms } = sealed;
  return { slot_id, provider, mode, summary, version, updated_at_ms };
}
