import type {
  AuthSlotRecord,
  AuthSlotStatus,
  ImportReport,
  RekeyReport,
  SecretsImport,
} from '@kheish/client-sdk';
import type { Command } from 'commander';
import { clientOf } from '../invocation.ts';
import { takeMasterKeySource } from '../key-sources.ts';
import { type OfflineFlags, offlineRoot } from './state-root.ts';

/** What both a running daemon and a state root at rest can do with slots. */
export interface Slots {
  list(): Promise<readonly AuthSlotStatus[]>;
  get(ref: string): Promise<AuthSlotStatus>;
  set(record: AuthSlotRecord): Promise<AuthSlotStatus>;
  /** Which routes use a slot only a running daemon knows. */
  delete(ref: string, force: boolean): Promise<{ accepted: boolean }>;
  rekey(newMasterKey: string): Promise<RekeyReport>;
  import(snapshot: SecretsImport): Promise<ImportReport>;
}

export async function withSlots(
  flags: OfflineFlags,
  command: Command,
  act: (slots: Slots) => Promise<void>,
): Promise<void> {
  const stateRoot = offlineRoot(flags, command);
  if (stateRoot === undefined) return online(command, act);
  const { offlineSecrets } = await import('@kheish/daemon');
  const slots = await offlineSecrets({ stateRoot, masterKeySource: takeMasterKeySource() });
  try {
    await act({
      list: async () => slots.list(),
      get: async (ref) => slots.get(ref),
      set: (record) => slots.set(record),
      delete: async (ref) => {
        await slots.delete(ref);
        return { accepted: true };
      },
      rekey: (newMasterKey) => slots.rekey(newMasterKey),
      import: (snapshot) => slots.import(snapshot),
    });
  } finally {
    await slots.close();
  }
}

async function online(command: Command, act: (slots: Slots) => Promise<void>): Promise<void> {
  const { DaemonUnreachable } = await import('@kheish/client-sdk');
  const { secrets } = await clientOf(command);
  try {
    await act({
      list: async () => {
        const slots: AuthSlotStatus[] = [];
        for await (const slot of secrets.list({ limit: 100 })) slots.push(slot);
        return slots;
      },
      get: (ref) => secrets.get(ref),
      set: (record) => secrets.set(record),
      delete: (ref, force) => secrets.delete(ref, { force }),
      rekey: (newMasterKey) => secrets.rekey({ new_master_key: newMasterKey }),
      import: (snapshot) => secrets.import(snapshot),
    });
  } catch (error) {
    if (error instanceof DaemonUnreachable) {
      error.message += '; if it is not running, run this again with --offline --state-root DIR';
    }
    throw error;
  }
}
