import type { AuthSlotRecord } from '@kheish/core-model';

/** What a driver sends to its provider. */
export interface Credentials {
  readonly apiKey: string;
  readonly organization?: string;
  readonly project?: string;
}

/** The one field of a slot that is secret. */
export function secretOf(record: AuthSlotRecord): string {
  return record.provider === 'generic' ? record.state.value : record.state.api_key;
}

export function credentialsOf(record: AuthSlotRecord): Credentials {
  if (record.provider !== 'open_ai') return { apiKey: secretOf(record) };
  const { api_key, organization, project } = record.state;
  return {
    apiKey: api_key,
    ...(typeof organization === 'string' && { organization }),
    ...(typeof project === 'string' && { project }),
  };
}
