import {
  Checkpointer,
  type OpenedKey,
  createLedgerSealer,
  openSigningKey,
} from '@kheish/audit-ledger';
import type { Clock, RandomSource } from '@kheish/core-model';
import type { Store, StoreOptions } from '@kheish/state-store';
import type { DaemonLog, DaemonOptions } from '../lifecycle/daemon-options.ts';

/** The record of external actions with its key. */
export interface Audit {
  readonly key: OpenedKey;
  readonly checkpointer: Checkpointer;
}

/** The key that signs the audit of a root: opened while the store opens, and kept with it. */
export interface AuditKey {
  readonly sealer: NonNullable<StoreOptions['sealer']>;
  /** Follows the record of the store that was opened with the sealer, until its checkpointer is closed. */
  follow(store: Store, clock: Clock): Audit;
}

export function auditKey(options: DaemonOptions, random: RandomSource): AuditKey {
  const { stateRoot, redactor, log, signingKeySource: source = {} } = options;
  const hide = (secret: string) => redactor.add(secret);
  let key: OpenedKey | undefined;
  return {
    sealer: (logId, last) => {
      key = openSigningKey({ stateRoot, source, random, hide }, last);
      if (key.coLocated) warnOf(key, log);
      return createLedgerSealer(logId, key.key);
    },
    follow: (store, clock) => {
      if (key === undefined) throw new Error('the store asked for no key');
      const checkpointer = new Checkpointer({ store, key: key.key, clock, log });
      checkpointer.follow();
      return { key, checkpointer };
    },
  };
}

/** Who can write the record can then sign what they wrote. */
function warnOf({ path, key }: OpenedKey, log: DaemonLog): void {
  log.warn(
    { key_file: path, key_id: key.keyId },
    'the key that signs the audit lies beside it: whoever can write the state root can forge the record; `kheish audit relocate-key` moves it away',
  );
}
