import type { RecordedRow } from '../commit/append.ts';

export interface RowFilter {
  readonly after: number;
  readonly sessionId?: string;
  readonly runId?: string;
}

const MAX_ROWS = 1_024;
const MAX_CHARACTERS = 1024 * 1024;

/** The newest rows of the journal without a gap: who begins to follow a run mostly asks for what was just written. */
export class RecentRows {
  #rows: RecordedRow[] = [];
  #characters = 0;

  /** The newest row's number. */
  get head(): number | undefined {
    return this.#rows.at(-1)?.seq;
  }

  add(rows: readonly RecordedRow[]): void {
    if (this.head !== undefined && rows[0]?.seq !== this.head + 1) this.clear();
    for (const row of rows) {
      this.#rows.push(row);
      this.#characters += row.body.length;
    }
    let excess = Math.max(0, this.#rows.length - MAX_ROWS);
    let kept = this.#characters;
    for (const [index, { body }] of this.#rows.entries()) {
      if (index >= excess && kept <= MAX_CHARACTERS) break;
      kept -= body.length;
      excess = index + 1;
    }
    this.#rows.splice(0, excess);
    this.#characters = kept;
  }

  /** Rows were changed in the journal itself. */
  clear(): void {
    this.#rows = [];
    this.#characters = 0;
  }

  /** All matching rows after `after`, in order; undefined where older ones may match that are not here. */
  matching({ after, sessionId, runId }: RowFilter): RecordedRow[] | undefined {
    const found: RecordedRow[] = [];
    for (let index = this.#rows.length - 1; index >= 0; index -= 1) {
      const row = this.#rows[index] as RecordedRow;
      if (row.seq <= after) return found.toReversed();
      if (sessionId !== undefined && row.session_id !== sessionId) continue;
      if (runId !== undefined && row.run_id !== runId) continue;
      found.push(row);
      // Nothing of a run comes before it was accepted.
      if (runId !== undefined && row.type === 'run_accepted') return found.toReversed();
    }
    const oldest = this.#rows[0]?.seq;
    return oldest !== undefined && oldest <= after + 1 ? found.toReversed() : undefined;
  }
}
