import type { AuthSlotRecord } from '@kheish/core-model';

/** What a driver sends to its provider. */
export interface Credentials {
  readonly apiKey: string;
  readonly organization?: string;
  readonly project?: string;
}

export function credentialsOf(record: AuthSlotRecord): Credentials {
  if (record.provider === 'generic') return { apiKey: record.state.value };
  if (record.provider !== 'open_ai') return { apiKey: record.state.api_key };
  const { api_key, organization, project } = record.state;
  return {
    apiKey: api_key,
    ...(typeof organization === 'string' && { organization }),
    ...(typeof project === 'string' && { project }),
  };
}
