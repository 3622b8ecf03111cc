import { type OpenedKey, createLedgerSealer, openSigningKey } from '@kheish/audit-ledger';
import type { RandomSource } from '@kheish/core-model';
import type { StoreOptions } from '@kheish/state-store';
import type { DaemonLog, DaemonOptions } from '../lifecycle/daemon-options.ts';

/** Opens the key that signs the audit of a root, and makes the root's sealer of it. */
export function auditSealer(
  options: DaemonOptions,
  random: RandomSource,
): NonNullable<StoreOptions['sealer']> {
  const { stateRoot, redactor, log, signingKeySource: source = {} } = options;
  const hide = (secret: string) => redactor.add(secret);
  return (logId, last) => {
    const opened = openSigningKey({ stateRoot, source, random, hide }, last);
    if (opened.coLocated) warnOf(opened, log);
    return createLedgerSealer(logId, opened.key);
  };
}

/** Who can write the record can then sign what they wrote. */
function warnOf({ path, key }: OpenedKey, log: DaemonLog): void {
  log.warn(
    { key_file: path, key_id: key.keyId },
    'the key that signs the audit lies beside it: whoever can write the state root can forge the record; `kheish audit relocate-key` moves it away',
  );
}
