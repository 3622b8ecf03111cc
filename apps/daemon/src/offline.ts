import type { AuthSlotRecord, AuthSlotStatus, StoreVerification } from '@kheish/core-model';
import type { MasterKeySource } from './serve-options.ts';

/** The secret slots of a state root that no daemon serves; holds the root's lock until closed. */
export interface OfflineSecrets {
  list(): Promise<readonly AuthSlotStatus[]>;
  /** Throws `secrets/secret_not_found`. */
  get(ref: string): Promise<AuthSlotStatus>;
  set(record: AuthSlotRecord): Promise<AuthSlotStatus>;
  /** False: there was no such slot. */
  delete(ref: string): Promise<boolean>;
  close(): Promise<void>;
}

// Placeholders until the composition root is written; the signatures are what the command line calls.

export async function offlineSecrets(_options: {
  readonly stateRoot: string;
  readonly masterKeySource: MasterKeySource;
}): Promise<OfflineSecrets> {
  throw new Error('offlineSecrets is not written yet');
}

export async function offlineVerify(_options: {
  readonly stateRoot: string;
}): Promise<StoreVerification> {
  throw new Error('offlineVerify is not written yet');
}

/** A new master key: base64 of 32 bytes. */
export function generateMasterKey(): string {
  throw new Error('generateMasterKey is not written yet');
}
