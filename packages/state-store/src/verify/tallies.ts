import { isDeepStrictEqual } from 'node:util';
import { type Spending, addSpending, noSpending } from '@kheish/core-model';
import type { Database } from 'better-sqlite3';
import { spendingOf } from '../commit/day-spending.ts';
import type { SpendingRow } from '../commit/statements.ts';
import type { replaySession } from './replay-session.ts';
import type { Find } from './verify-store.ts';

/** How many sessions, runs and tasks the journal makes of each status, and what it makes of each day's spending. */
export class Tallies {
  readonly #counts = new Map<string, number>();
  readonly #days = new Map<string, Spending>();
  #known = true;

  /** A session whose events cannot be replayed leaves the counts unknown. */
  add(replayed: ReturnType<typeof replaySession>): void {
    if ('broken' in replayed) {
      this.#known = false;
      return;
    }
    this.#count('session', replayed.session.state.status);
    this.addDays(replayed.days);
    for (const { state } of replayed.runs.values()) this.#count('run', state.status);
    for (const { state } of replayed.tasks.values()) this.#count('task', state.status);
  }

  /** What model calls spent. */
  addDays(days: Iterable<readonly [day: string, spending: Spending]>): void {
    for (const [day, spending] of days) {
      this.#days.set(day, addSpending(this.#days.get(day) ?? noSpending, spending));
    }
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
    this.#compareDays(db, find);
  }

  #compareDays(db: Database, find: Find): void {
    const rows = db
      .prepare<[], SpendingRow & { utcDay: string }>(
        `SELECT utc_day utcDay, spent_tokens spentTokens, spent_usd_micros spentUsdMicros,
         reserved_tokens reservedTokens, reserved_usd_micros reservedUsdMicros FROM day_spending`,
      )
      .all();
    const kept = new Map(rows.map(({ utcDay, ...row }) => [utcDay, spendingOf(row)]));
    for (const day of new Set([...this.#days.keys(), ...kept.keys()])) {
      const [told, stored] = [this.#days.get(day) ?? noSpending, kept.get(day) ?? noSpending];
      if (isDeepStrictEqual(told, stored)) continue;
      find('spending', day, 'the row is not what the journal makes of it');
    }
  }

  #count(kind: string, status: string): void {
    const name = `${kind} ${status}`;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}
