import { verifyLedger } from '@kheish/audit-ledger';
import type { Clock, StoreVerification } from '@kheish/core-model';
import type { Store } from '@kheish/state-store';

/** Checks a root: its tables against its journal, and the chains and hashes of the audit. No signatures: `audit verify` does. */
export async function verifyRoot(store: Store, clock: Clock): Promise<StoreVerification> {
  const found = await store.verify();
  const audit = await verifyLedger(store.ledger, {
    logId: store.root.rootId,
    hashesOnly: true,
    pause: () => clock.sleep(0),
  });
  const contradictions = [audit.chain, audit.content, audit.independence].flatMap(
    (aspect) => aspect.contradictions,
  );
  return {
    ...found,
    ok: found.ok && audit.ok,
    findings: [
      ...found.findings,
      ...contradictions.map(({ code, message, at }) => ({
        check: 'audit',
        subject: at === undefined ? code : `${code} at ${at}`,
        message,
      })),
    ],
  };
}
