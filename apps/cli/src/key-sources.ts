import type { MasterKeySource, SigningKeySource } from '@kheish/daemon';

interface KeySource {
  readonly inline?: string;
  readonly file?: string;
}

/** Takes a key out of the environment, so that no child inherits it. */
function takeKeySource(variable: string): KeySource {
  const { [variable]: inline, [`${variable}_FILE`]: file } = process.env;
  delete process.env[variable];
  delete process.env[`${variable}_FILE`];
  return { ...(inline !== undefined && { inline }), ...(file !== undefined && { file }) };
}

/** Of the key that seals secrets. */
export function takeMasterKeySource(): MasterKeySource {
  return takeKeySource('KHEISH_AUTH_STORE_MASTER_KEY');
}

/** Of the key that signs the audit; a variable that is set to nothing counts as not set. */
export function takeSigningKeySource(): SigningKeySource {
  const { inline, file } = takeKeySource('KHEISH_EXTERNAL_ACTION_AUDIT_SIGNING_KEY');
  return { ...(inline && { inline }), ...(file && { file }) };
}
