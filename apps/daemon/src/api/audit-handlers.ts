import { exportText, findAction, proveEntry } from '@kheish/audit-ledger';
import { type AuditCheckpoint, type Clock, KheishError } from '@kheish/core-model';
import type { Handlers } from '@kheish/http-api';
import type { Store } from '@kheish/state-store';
import type { Audit } from '../audit/audit-key.ts';

type AuditOperation = 'getAuditStatus' | 'makeAuditCheckpoint' | 'proveAuditEntry' | 'exportAudit';

export function auditHandlers(
  store: Store,
  audit: Audit,
  clock: Clock,
): Pick<Handlers, AuditOperation> {
  const { ledger } = store;
  const checkpoint = () => currentCheckpoint(audit);
  return {
    getAuditStatus: () => {
      const { key } = audit;
      const failure = ledger.failure();
      const newest = audit.checkpointer.newest();
      return {
        ok: failure === undefined,
        ...(failure !== undefined && { failure: failure.message }),
        log_id: store.root.rootId,
        size: ledger.head().size,
        key: {
          key_id: key.key.keyId,
          source: key.source,
          co_located: key.coLocated,
          ...(key.path !== undefined && { path: key.path }),
        },
        ...(newest !== undefined && { checkpoint: newest }),
        uncovered: audit.checkpointer.uncovered(),
      };
    },
    makeAuditCheckpoint: checkpoint,
    proveAuditEntry: async ({ path, query }) => {
      const index = /^\d{1,15}$/.test(path.entry)
        ? Number(path.entry)
        : await findAction(ledger, path.entry, clock);
      return proveEntry(ledger, await checkpoint(), index, sizeOf(query.tree_size));
    },
    exportAudit: async ({ query }) =>
      exportText({
        ledger,
        checkpoint: await checkpoint(),
        key: audit.key.key,
        keyCoLocated: audit.key.coLocated,
        clock,
        runId: query.run_id,
        sinceSize: sizeOf(query.since_tree_size),
      }),
  };
}

/** Of the record as it is now. Throws `audit/entry_not_found` while it is empty. */
export async function currentCheckpoint({ checkpointer }: Audit): Promise<AuditCheckpoint> {
  const checkpoint = await checkpointer.now();
  if (checkpoint !== undefined) return checkpoint;
  throw new KheishError(
    'audit/entry_not_found',
    'There is nothing on the record yet: no run has acted beyond the daemon.',
  );
}

function sizeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new KheishError('api/bad_request', 'A size is a whole number of entries.');
}
