import { KheishError } from '@kheish/core-model';

/** Where `secrets set` takes the value from: `--value`, `--from-env`, `--from-file`, `--stdin`. */
export type SecretSource = 'inline' | 'env' | 'file' | 'stdin';

/**
 * The value as it is sealed. Inline and variable values are taken as they are; files and standard input end with
 * one line break that is not part of the secret. Throws `secrets/invalid_secret` for a blank value.
 */
export function secretValue(source: SecretSource, text: string): string {
  const value = source === 'file' || source === 'stdin' ? text.replace(/\r?\n$/, '') : text;
  if (value.trim() === '') throw new KheishError('secrets/invalid_secret', 'The secret is blank.');
  return value;
}
