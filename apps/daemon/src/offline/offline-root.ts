import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SecretStore, createRedactor, parseMasterKey, recordsOf } from '@kheish/auth-store';
import {
  type AuthSlotRecord,
  type AuthSlotStatus,
  type ImportReport,
  KHEISH_VERSION,
  KheishError,
  type RekeyReport,
  type SecretsImport,
  type PruneReport,
  type PruneRequest,
  type StoreVerification,
  idFactory,
} from '@kheish/core-model';
import { type Store, openStore } from '@kheish/state-store';
import { verifyRoot } from '../audit/verify-root.ts';
import { masterKeyOf } from '../config/daemon-secrets.ts';
import { systemClock, systemRandom } from '../platform/system-clock.ts';
import type { MasterKeySource } from '../serve-options.ts';

export function openOffline(stateRoot: string): Store {
  const newId = idFactory(systemClock, systemRandom);
  return openStore({ stateRoot, clock: systemClock, newId, version: KHEISH_VERSION });
}

/** The secret slots of a state root that no daemon serves; holds the root's lock until closed. */
export interface OfflineSecrets {
  list(): readonly AuthSlotStatus[];
  /** Throws `secrets/secret_not_found`. */
  get(ref: string): AuthSlotStatus;
  set(record: AuthSlotRecord): Promise<AuthSlotStatus>;
  /** Throws `secrets/secret_not_found`. */
  delete(ref: string): Promise<void>;
  /** Seals every slot under the key of this text. */
  rekey(newMasterKey: string): Promise<RekeyReport>;
  /** Writes all slots of a snapshot in plain text, or none. */
  import(snapshot: SecretsImport): Promise<ImportReport>;
  close(): Promise<void>;
}

export async function offlineSecrets(options: {
  readonly stateRoot: string;
  readonly masterKeySource: MasterKeySource;
}): Promise<OfflineSecrets> {
  const masterKey = masterKeyOf(options.masterKeySource);
  const store = openOffline(options.stateRoot);
  try {
    const secrets = new SecretStore({
      store,
      masterKey,
      random: systemRandom,
      clock: systemClock,
      redactor: createRedactor(),
    });
    return {
      list: () => secrets.list(),
      get: (ref) => secrets.get(ref),
      set: (record) => secrets.set(record),
      delete: (ref) => secrets.delete(ref),
      rekey: async (text) => secrets.rekey(parseMasterKey(text)),
      import: async (snapshot) => secrets.import(recordsOf(snapshot), snapshot.replace === true),
      close: async () => {
        await store.close();
        secrets.wipe();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Lets ended sessions leave a state root that no daemon serves. */
export async function offlinePrune(options: {
  readonly stateRoot: string;
  readonly request: PruneRequest;
}): Promise<PruneReport> {
  await using store = openExisting(options.stateRoot);
  return await store.prune(options.request);
}

/** Checks a state root that no daemon serves. */
export async function offlineVerify(options: {
  readonly stateRoot: string;
}): Promise<StoreVerification> {
  await using store = openExisting(options.stateRoot);
  return await verifyRoot(store, systemClock);
}

function openExisting(stateRoot: string): Store {
  if (existsSync(join(stateRoot, 'kheish.db'))) return openOffline(stateRoot);
  throw new KheishError('storage/root_unusable', `There is no state root at ${stateRoot}.`);
}
