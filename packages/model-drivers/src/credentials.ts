import { KheishError } from '@kheish/core-model';

/** What a slot holds for a provider. */
export interface Credentials {
  readonly apiKey?: string;
  /** OpenAI only. */
  readonly organization?: string;
  /** OpenAI only. */
  readonly project?: string;
}

/** Credentials on loan: a driver asks anew for each attempt, so that none outlives its lease. */
export interface LeasedCredentials {
  /** For one attempt. Rejects with `credentials/...` where they may not be used. */
  acquire(): Promise<Credentials>;
  /** In the moment in which they go out. Throws where they may not be used any more. */
  confirm(): void;
}

/** The key without blanks around it. Throws `config/invalid_configuration` where no header can carry it. */
export function optionalKey(credentials: Credentials): string | undefined {
  const key = credentials.apiKey?.trim();
  if (key === undefined || key === '') return undefined;
  if (!/^[\x20-\x7e]+$/.test(key)) {
    throw new KheishError('config/invalid_configuration', 'The key is not printable ASCII.');
  }
  return key;
}

/** Throws `models/authentication_failed` where there is no key. */
export function requiredKey(driver: string, credentials: Credentials): string {
  const key = optionalKey(credentials);
  if (key === undefined) {
    throw new KheishError('models/authentication_failed', `${driver} needs a key.`);
  }
  return key;
}
