import type { Database } from 'better-sqlite3';
import type { replaySession } from './replay-session.ts';
import type { Find } from './verify-store.ts';

/** How many sessions and runs the journal makes of each status. */
export class Tallies {
  readonly #counts = new Map<string, number>();
  #known = true;

  /** A session whose events cannot be replayed leaves the counts unknown. */
  add(replayed: ReturnType<typeof replaySession>): void {
    if ('broken' in replayed) {
      this.#known = false;
      return;
    }
    this.#count('session', replayed.session.state.status);
    for (const { state } of replayed.runs.values()) this.#count('run', state.status);
  }

  compare(db: Database, find: Find): void {
    if (!this.#known) return;
    const rows = db
      .prepare<[], { name: string; count: number }>(
        `SELECT kind || ' ' || status name, count FROM tallies`,
      )
      .all();
    const kept = new Map(rows.map(({ name, count }) => [name, count]));
    for (const name of new Set([...this.#counts.keys(), ...kept.keys()])) {
      if ((kept.get(name) ?? 0) === (this.#counts.get(name) ?? 0)) continue;
      find('tally', name, 'the count is not what the journal makes of it');
    }
  }

  #count(kind: string, status: string): void {
    const name = `${kind} ${status}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}
