import type { Database } from 'better-sqlite3';
import type { Find } from './verify-store.ts';

/** Every number up to the newest is an event, but for those that a restore left out. */
export function checkSequence(db: Database, find: Find): void {
  const row = db
    .prepare<[], { n: number; first: number | null; last: number | null }>(
      'SELECT count(*) n, min(seq) first, max(seq) last FROM journal',
    )
    .get();
  if (row === undefined || row.first === null || row.last === null) return;
  if (row.first !== 1 || row.last !== row.n + leftOut(db)) {
    find('sequence', 'journal', `${row.n} events stand between ${row.first} and ${row.last}`);
  }
}

function leftOut(db: Database): number {
  const sum = db.prepare<[], number>(
    `SELECT coalesce(sum(seq - 1 - (body ->> '$.restored.head_seq')), 0) FROM journal
     WHERE type = 'daemon_started' AND json_valid(body)
       AND body ->> '$.restored.head_seq' IS NOT NULL`,
  );
  return sum.pluck().get() ?? 0;
}
