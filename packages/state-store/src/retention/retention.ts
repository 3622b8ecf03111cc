import { setImmediate } from 'node:timers/promises';
import {
  type DomainEvent,
  KheishError,
  type PruneReport,
  type PruneRequest,
  type SessionState,
  type Spending,
  addSpending,
  noSpending,
} from '@kheish/core-model';
import type { ErasedRemains } from '../blobs/erased-remains.ts';
import type { WorkingState } from '../commit/command.ts';
import type { GroupCommit } from '../commit/group-commit.ts';
import type { JournalFeed } from '../journal/feed.ts';
import type { Connection } from '../root/connection.ts';
import { storedJson } from '../root/storage-error.ts';
import { LIVE_SHELL } from '../schema/unfinished.ts';
import { replaySession } from '../verify/replay-session.ts';

/** Sessions leave in groups of about so many events, so that no commit holds up the others for long. */
const EVENTS_A_COMMIT = 200;
const SESSIONS_A_LOOK = 200;
const MOST_IDS = 100;
const DEFAULT_LIMIT = 1_000;

interface Candidate {
  readonly id: string;
  readonly events: number;
  readonly runs: number;
}

/** Lets ended sessions leave the root, each whole. */
export class Retention {
  readonly #connection: Connection;
  readonly #group: GroupCommit;
  readonly #remains: ErasedRemains;
  readonly #feed: JournalFeed;
  readonly #prepared;

  constructor(
    connection: Connection,
    group: GroupCommit,
    feed: JournalFeed,
    remains: ErasedRemains,
  ) {
    this.#feed = feed;
    this.#remains = remains;
    this.#connection = connection;
    this.#group = group;
    this.#prepared = prepareReads(connection);
  }

  /** Goes on with other work between its commits; what it has done when it fails stays done. */
  async prune(request: PruneRequest, nowMs: number): Promise<PruneReport> {
    try {
      return await this.#prune(request, nowMs);
    } finally {
      if (request.dry_run !== true) this.#remains.clear();
    }
  }

  async #prune(request: PruneRequest, nowMs: number): Promise<PruneReport> {
    const { older_than_ms, session_id, limit = DEFAULT_LIMIT, dry_run = false } = request;
    const cutoffMs = nowMs - older_than_ms;
    const found = { sessions: 0, runs: 0, events: 0 };
    const ids: string[] = [];
    let hasMore = false;
    for await (const group of this.#groups(cutoffMs, session_id, limit + 1)) {
      const room = limit - found.sessions;
      hasMore = group.length > room;
      const leaving = group.slice(0, room);
      const left = dry_run ? leaving : await this.#remove(leaving, cutoffMs);
      for (const { id, runs, events } of left) {
        found.sessions += 1;
        found.runs += runs;
        found.events += events;
        if (ids.length < MOST_IDS) ids.push(id);
      }
      if (hasMore) break;
    }
    return {
      dry_run,
      now_ms: nowMs,
      cutoff_ms: cutoffMs,
      matched_session_count: found.sessions,
      matched_run_count: found.runs,
      matched_event_count: found.events,
      session_ids: ids,
      has_more: hasMore,
      floor_event_id: String(this.#feed.floor()),
    };
  }

  /** Sessions that may leave, at most `most`, in groups of bounded size. */
  async *#groups(
    cutoffMs: number,
    only: string | undefined,
    most: number,
  ): AsyncGenerator<Candidate[]> {
    let group: Candidate[] = [];
    let events = 0;
    let count = 0;
    for await (const id of only === undefined ? this.#endedSessions() : [only]) {
      const state = this.#stateOf(id);
      if (state === undefined && only !== undefined) throw notFound(only);
      if (state === undefined || !this.#mayLeave(state, cutoffMs)) continue;
      const candidate = this.#candidate(id);
      group.push(candidate);
      events += candidate.events;
      count += 1;
      if (count === most) break;
      if (events < EVENTS_A_COMMIT) continue;
      yield group;
      [group, events] = [[], 0];
    }
    if (group.length > 0) yield group;
  }

  async *#endedSessions(): AsyncGenerator<string> {
    for (let after = ''; ;) {
      const page = this.#prepared.ended.all(after, SESSIONS_A_LOOK);
      for (const { id } of page) yield id;
      if (page.length < SESSIONS_A_LOOK) return;
      after = page.at(-1)?.id ?? after;
      await setImmediate();
    }
  }

  #stateOf(id: string): SessionState | undefined {
    const row = this.#prepared.session.get(id);
    return row && (storedJson(row.state) as SessionState);
  }

  /** Nothing of it is under way, and nobody touched it since. */
  #mayLeave(session: SessionState, cutoffMs: number): boolean {
    if (session.status === 'open' || session.updated_at_ms > cutoffMs) return false;
    if (session.active_run_id !== undefined || session.queued_run_ids.length > 0) return false;
    return this.#prepared.liveShell.get(session.session_id) === undefined;
  }

  #candidate(id: string): Candidate {
    const { n: events } = this.#prepared.events.get(id) ?? { n: 0 };
    const { n: runs } = this.#prepared.runs.get(id) ?? { n: 0 };
    return { id, events, runs };
  }

  /** One commit. Looks again at each: it may have changed since it was chosen. */
  async #remove(candidates: readonly Candidate[], cutoffMs: number): Promise<Candidate[]> {
    if (candidates.length === 0) return [];
    const left = await this.#group.commit({
      load: {},
      decide: (state) => {
        const leaving = candidates.flatMap(({ id }) => {
          const session = this.#stateOf(id);
          return session !== undefined && this.#mayLeave(session, cutoffMs)
            ? [this.#candidate(id)]
            : [];
        });
        if (leaving.length > 0) this.#record(state, leaving);
        return leaving;
      },
    });
    await setImmediate();
    return left;
  }

  #record(state: WorkingState, leaving: readonly Candidate[]): void {
    const days = new Map<string, Spending>();
    let floor = this.#feed.floor();
    for (const { id } of leaving) {
      const replayed = replaySession(this.#connection.db, id);
      if ('broken' in replayed) {
        throw new KheishError(
          'storage/corrupt',
          `Session ${id} cannot be replayed: ${replayed.broken}. It stays; store verify tells more.`,
        );
      }
      floor = Math.max(floor, replayed.session.seq);
      for (const [day, spending] of replayed.days) {
        days.set(day, addSpending(days.get(day) ?? noSpending, spending));
      }
    }
    const event: DomainEvent = {
      type: 'sessions_pruned',
      session_ids: leaving.map(({ id }) => id),
      run_count: leaving.reduce((sum, { runs }) => sum + runs, 0),
      event_count: leaving.reduce((sum, { events }) => sum + events, 0),
      floor,
      days: Object.fromEntries(days),
    };
    state.record(event);
  }
}

function notFound(id: string): KheishError {
  return new KheishError('sessions/session_not_found', `There is no session ${id}.`);
}

function prepareReads({ prepareRead: prepare }: Connection) {
  return {
    ended: prepare<[string, number], { id: string }>(
      `SELECT session_id id FROM sessions WHERE session_id > ? AND status <> 'open'
       ORDER BY session_id LIMIT ?`,
    ),
    session: prepare<[string], { state: string }>(
      'SELECT state FROM sessions WHERE session_id = ?',
    ),
    liveShell: prepare<[string], { one: number }>(
      `SELECT 1 one FROM session_tasks WHERE session_id = ? AND ${LIVE_SHELL} LIMIT 1`,
    ),
    events: prepare<[string], { n: number }>(
      'SELECT count(*) n FROM journal WHERE session_id = ? AND session_id IS NOT NULL',
    ),
    runs: prepare<[string], { n: number }>('SELECT count(*) n FROM runs WHERE session_id = ?'),
  };
}
