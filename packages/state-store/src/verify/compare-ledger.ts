import { createHash } from 'node:crypto';
import { canonicalJson } from '@kheish/core-model';
import type { Database } from 'better-sqlite3';
import type { ReplayedSession } from './replay-session.ts';
import type { Find } from './verify-store.ts';

/**
 * The record of each run's external actions is what its events make of it, linked from one entry to the next. Signatures
 * are for whoever has the key.
 */
export function compareLedger(db: Database, replayed: ReplayedSession, find: Find): void {
  const rowsOf = db.prepare<[string], { body: string; recordHash: Buffer }>(
    'SELECT body, record_hash recordHash FROM ledger_entries WHERE chain = ? ORDER BY idx',
  );
  for (const runId of replayed.runs.keys()) {
    const told = replayed.external.get(runId) ?? [];
    const kept = rowsOf.all(runId);
    let before: string | undefined;
    const isSame = told.every((action, place) => {
      const body = canonicalJson({ ...action, ...(before !== undefined && { prev_hash: before }) });
      before = createHash('sha256').update(body).digest('hex');
      return kept[place]?.body === body && kept[place].recordHash.toString('hex') === before;
    });
    if (!isSame || kept.length !== told.length) {
      find('ledger', runId, 'its external actions are not what the journal makes of them');
    }
  }
}
