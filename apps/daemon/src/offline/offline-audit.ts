import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  Checkpointer,
  KEY_FILE,
  type LedgerVerifyOptions,
  type MovedKey,
  type OpenedKey,
  type RotatedKey,
  type SigningKeySource,
  type VerificationReport,
  createLedgerSealer,
  exportText,
  lostKey,
  openSigningKey,
  prepareKey,
  relocateKey,
  replaceLostKey,
  rotateKey,
  verifyLedger,
} from '@kheish/audit-ledger';
import { KHEISH_VERSION, KheishError, idFactory } from '@kheish/core-model';
import { type Store, type StoreOptions, openStore } from '@kheish/state-store';
import { currentCheckpoint } from '../api/audit-handlers.ts';
import { systemClock, systemRandom } from '../platform/system-clock.ts';

/** A state root that no daemon serves, and the source of its signing key. */
interface OfflineAudit {
  readonly stateRoot: string;
  readonly signingKeySource: SigningKeySource;
}

async function withStore<T>(
  stateRoot: string,
  sealer: StoreOptions['sealer'],
  act: (store: Store) => Promise<T>,
): Promise<T> {
  if (!existsSync(join(stateRoot, 'kheish.db'))) {
    throw new KheishError('storage/root_unusable', `There is no state root at ${stateRoot}.`);
  }
  const newId = idFactory(systemClock, systemRandom);
  await using store = openStore({
    stateRoot,
    clock: systemClock,
    newId,
    version: KHEISH_VERSION,
    ...(sealer && { sealer }),
  });
  return await act(store);
}

function withKey<T>(
  { stateRoot, signingKeySource: source }: OfflineAudit,
  act: (store: Store, key: OpenedKey) => Promise<T>,
): Promise<T> {
  let opened: OpenedKey | undefined;
  const sealer: StoreOptions['sealer'] = (logId, last) => {
    opened = openSigningKey({ stateRoot, source, random: systemRandom }, last);
    return createLedgerSealer(logId, opened.key);
  };
  return withStore(stateRoot, sealer, (store) => {
    if (opened === undefined) throw new Error('the store asked for no key');
    return act(store, opened);
  });
}

/** Hands the text of an export to `write`, piece by piece. */
export function offlineExport(
  root: OfflineAudit,
  options: { readonly runId?: string | undefined; readonly sinceSize?: number | undefined },
  write: (text: string) => Promise<void>,
): Promise<void> {
  return withKey(root, async (store, key) => {
    const checkpointer = new Checkpointer({ store, key: key.key, clock: systemClock });
    const checkpoint = await currentCheckpoint({ key, checkpointer });
    const text = exportText({
      ...options,
      ledger: store.ledger,
      checkpoint,
      key: key.key,
      keyCoLocated: key.coLocated,
      clock: systemClock,
    });
    for await (const piece of text) await write(piece);
  });
}

/** Checks the tables of the audit. Needs no key. */
export function offlineVerifyAudit(
  stateRoot: string,
  options: Omit<LedgerVerifyOptions, 'logId' | 'keyCoLocated'>,
): Promise<VerificationReport> {
  return withStore(stateRoot, undefined, (store) =>
    verifyLedger(store.ledger, {
      ...options,
      logId: store.root.rootId,
      keyCoLocated: existsSync(join(stateRoot, KEY_FILE)),
    }),
  );
}

export function offlineRelocateKey(stateRoot: string, to: string): Promise<MovedKey> {
  return withStore(stateRoot, undefined, async (store) => relocateKey(store.root.stateRoot, to));
}

export function offlineRotateKey(root: OfflineAudit, to: string | undefined): Promise<RotatedKey> {
  return withKey(root, (store, key) => rotateKey(store, key, { random: systemRandom, to }));
}

/** Begins with a new key where the old one is gone. */
export function offlineReplaceLostKey(
  { stateRoot, signingKeySource }: OfflineAudit,
  to: string | undefined,
): Promise<RotatedKey> {
  let made: { readonly lost: string; readonly toBe: ReturnType<typeof prepareKey> } | undefined;
  const sealer: StoreOptions['sealer'] = (logId, last) => {
    const lost = lostKey(stateRoot, last, signingKeySource);
    const toBe = prepareKey({ stateRoot, random: systemRandom, to, old: undefined });
    made = { lost, toBe };
    return createLedgerSealer(logId, toBe.key);
  };
  return withStore(stateRoot, sealer, (store) => {
    if (made === undefined) throw new Error('the store asked for no key');
    return replaceLostKey(store, made.toBe, made.lost);
  });
}
