import { KheishError } from '@kheish/core-model';

export function secretNotFound(slotId: string): KheishError {
  return new KheishError('secrets/secret_not_found', `There is no secret "${slotId}".`);
}

export function masterKeyMissing(): KheishError {
  return new KheishError(
    'secrets/master_key_missing',
    'There is no master key. Set KHEISH_AUTH_STORE_MASTER_KEY or KHEISH_AUTH_STORE_MASTER_KEY_FILE to the key of this state root; `secrets generate` makes a new one.',
  );
}

export function masterKeyMismatch(needed: string, given: string): KheishError {
  return new KheishError(
    'secrets/master_key_mismatch',
    `The secrets of this state root are sealed under master key ${needed}; the key given is ${given}. Set KHEISH_AUTH_STORE_MASTER_KEY or its _FILE to the key of this root.`,
  );
}

export function sameMasterKey(keyId: string): KheishError {
  return new KheishError(
    'secrets/same_master_key',
    `The secrets are sealed under master key ${keyId} already.`,
  );
}

export function secretsExist(ids: readonly string[]): KheishError {
  const names = ids.map((id) => `"${id}"`).join(', ');
  return new KheishError(
    'secrets/secret_exists',
    `Nothing was imported: ${names} ${ids.length === 1 ? 'is' : 'are'} there already. Replace with --replace (replace: true).`,
  );
}
