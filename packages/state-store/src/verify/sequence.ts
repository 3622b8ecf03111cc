import type { RecordedEvent } from '@kheish/core-model';
import type { Database } from 'better-sqlite3';
import type { Find } from './verify-store.ts';

type Pruned = Extract<RecordedEvent, { type: 'sessions_pruned' }>;

/** What the journal says of events that are not in it any more. */
export function prunings(db: Database): Pruned[] {
  return db
    .prepare<[], string>(
      `SELECT body FROM journal WHERE type = 'sessions_pruned' AND json_valid(body) ORDER BY seq`,
    )
    .pluck()
    .all()
    .map((body) => JSON.parse(body) as Pruned);
}

/**
 * Every number up to the newest is an event, but for those that left with their sessions, all of them up to the floor,
 * and those that a restore left out.
 */
export function checkSequence(db: Database, pruned: readonly Pruned[], find: Find): void {
  const row = db
    .prepare<[], { n: number; last: number | null }>(
      'SELECT count(*) n, max(seq) last FROM journal',
    )
    .get();
  const floor = pruned.at(-1)?.floor ?? 0;
  const kept = db.prepare<[], string>(`SELECT value FROM root_facts WHERE name = 'journal_floor'`);
  if (Number(kept.pluck().get() ?? 0) !== floor) {
    find('sequence', 'floor', 'it is not where the journal says');
  }
  const { n, last } = row ?? { n: 0, last: null };
  if (last === null) return;
  const left = pruned.reduce((sum, event) => sum + event.event_count, 0);
  if (last !== n + left + leftOut(db, 0)) {
    find('sequence', 'journal', `${n} events stand up to ${last}, and ${left} have left`);
    return;
  }
  const above = db.prepare<[number], number>('SELECT count(*) FROM journal WHERE seq > ?');
  const whole = (above.pluck().get(floor) ?? 0) + leftOut(db, floor);
  if (last > floor && last - floor !== whole) {
    find('sequence', 'journal', `events are missing above the floor ${floor}`);
  }
}

/** How many numbers restores left out above a number. */
function leftOut(db: Database, above: number): number {
  const sum = db.prepare<[number], number>(
    `SELECT coalesce(sum(seq - 1 - (body ->> '$.restored.head_seq')), 0) FROM journal
     WHERE type = 'daemon_started' AND json_valid(body)
       AND body ->> '$.restored.head_seq' >= ?`,
  );
  return sum.pluck().get(above) ?? 0;
}
