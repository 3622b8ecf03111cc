import { KheishError } from '@kheish/core-model';

/** What a slot holds for a provider. */
export interface Credentials {
  readonly apiKey?: string;
  /** OpenAI only. */
  readonly organization?: string;
  /** OpenAI only. */
  readonly project?: string;
}

/** Throws `models/authentication_failed` where there is no key. */
export function requiredKey(driver: string, credentials: Credentials | undefined): string {
  const key = credentials?.apiKey?.trim();
  if (key === undefined || key === '') {
    throw new KheishError('models/authentication_failed', `${driver} needs a key.`);
  }
  return key;
}
