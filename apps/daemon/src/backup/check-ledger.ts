import { setImmediate } from 'node:timers/promises';
import { verifyLedger } from '@kheish/audit-ledger';
import type { CheckLedger } from '@kheish/state-store';

/** The whole log again, entry by entry: what the manifest's checkpoint was signed for is where it begins. */
export const checkLedger: CheckLedger = async (ledger, manifest) => {
  const checkpoint = manifest.ledger?.checkpoint;
  const report = await verifyLedger(ledger, {
    logId: manifest.root_id,
    ...(checkpoint && { checkpoint }),
    pause: () => setImmediate(),
  });
  const { entries, root_hash, key_ids } = report;
  return {
    ledger: { entry_count: entries, ...(root_hash !== undefined && { root_hash }), key_ids },
    findings: (['chain', 'content', 'independence'] as const).flatMap((aspect) =>
      report[aspect].contradictions.map(({ code, message, at }) => ({
        check: 'ledger',
        subject: at === undefined ? `${aspect} ${code}` : `${aspect} ${code} at ${at}`,
        message,
      })),
    ),
  };
};
