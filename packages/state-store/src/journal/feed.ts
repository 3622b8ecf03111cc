import type { RecordedRow } from '../commit/append.ts';
import type { Connection } from '../root/connection.ts';
import { storedText } from '../root/storage-error.ts';
import { RecentRows } from './recent-rows.ts';

export interface PageOptions {
  /** Sequence number after which to read. */
  readonly after: number;
  readonly limit: number;
  /** The page ends with the event that makes its bodies so many characters long; without it only with `limit`. */
  readonly bytes?: number;
  readonly sessionId?: string;
  /** Reads the one session of the run only. */
  readonly runId?: string;
}

export interface Page {
  readonly rows: readonly RecordedRow[];
  /** Everything that matches up to this number is in this page or before it. */
  readonly nextAfter: number;
}

interface Row {
  readonly seq: number;
  readonly type: string;
  readonly session_id: string | null;
  readonly run_id: string | null;
  readonly body: string;
}

export type FeedListener = (rows: readonly RecordedRow[]) => void;

/** Events with which others changed or left. */
const rewrites: ReadonlySet<string> = new Set(['session_deleted', 'sessions_pruned']);

const columns = 'seq, type, session_id, run_id, body';

/** The journal as its followers see it: short pages of what is on disk, then each group as it commits. */
export class JournalFeed {
  readonly #all;
  readonly #ofSession;
  readonly #ofRun;
  readonly #floor;
  readonly #head: () => number;
  readonly #onFault: (error: unknown) => void;
  readonly #listeners = new Set<FeedListener>();
  readonly #recent = new RecentRows();

  constructor(
    { prepareRead: prepare }: Connection,
    head: () => number,
    onFault: (error: unknown) => void,
  ) {
    this.#head = head;
    this.#onFault = onFault;
    this.#floor = prepare<[], { value: string }>(
      `SELECT value FROM root_facts WHERE name = 'journal_floor'`,
    );
    this.#all = prepare<[number, number], Row>(
      `SELECT ${columns} FROM journal WHERE seq > ? ORDER BY seq LIMIT ?`,
    );
    this.#ofSession = prepare<[string, number, number], Row>(
      `SELECT ${columns} FROM journal
       WHERE session_id = ? AND session_id IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?`,
    );
    // One lower bound: of two SQLite would take one, and read the session's events from its beginning.
    this.#ofRun = prepare<[string, string, number, string, number], Row>(
      `SELECT ${columns} FROM journal
       WHERE session_id = (SELECT session_id FROM runs WHERE run_id = ?) AND session_id IS NOT NULL
         AND run_id = ? AND seq > max(?, (SELECT first_seq - 1 FROM runs WHERE run_id = ?))
       ORDER BY seq LIMIT ?`,
    );
  }

  /** Sequence number of the newest event. */
  head(): number {
    return this.#head();
  }

  /** Up to this number not all events are kept any more; those of a session all are, or none. */
  floor(): number {
    return Number(this.#floor.get()?.value ?? 0);
  }

  /** The next events in order. */
  page(options: PageOptions): Page {
    const { after, limit, bytes = Infinity } = options;
    const rows: RecordedRow[] = [];
    let length = 0;
    for (const row of this.#newest(options) ?? this.#stored(options)) {
      rows.push(row);
      length += row.body.length;
      if (rows.length === limit || length >= bytes) break;
    }
    const last = rows.at(-1)?.seq ?? after;
    const isLast = rows.length < limit && length < bytes;
    return { rows, nextAfter: isLast ? Math.max(last, this.head()) : last };
  }

  #newest(options: PageOptions): RecordedRow[] | undefined {
    return this.#recent.head === this.head() ? this.#recent.matching(options) : undefined;
  }

  *#stored(options: PageOptions): Iterable<RecordedRow> {
    for (const row of this.#rows(options)) yield recorded(row);
  }

  #rows({ after, limit, sessionId, runId }: PageOptions): Iterable<Row> {
    if (runId !== undefined) return this.#ofRun.iterate(runId, runId, after, runId, limit);
    if (sessionId !== undefined) return this.#ofSession.iterate(sessionId, after, limit);
    return this.#all.iterate(after, limit);
  }

  /** Calls `listener` with each group of events right after it is on disk, in order. */
  subscribe(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A listener that throws holds back neither the others nor the commit. */
  publish(rows: readonly RecordedRow[]): void {
    this.#recent.add(rows);
    if (rows.some((row) => rewrites.has(row.type))) this.#recent.clear();
    for (const listener of this.#listeners) {
      try {
        listener(rows);
      } catch (error) {
        this.#onFault(error);
      }
    }
  }
}

function recorded(row: Row): RecordedRow {
  const { seq, type } = row;
  return {
    seq,
    type,
    ...(row.session_id !== null && { session_id: row.session_id }),
    ...(row.run_id !== null && { run_id: row.run_id }),
    body: storedText(row.body),
  };
}
