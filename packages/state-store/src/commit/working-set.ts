import {
  type DomainEvent,
  type RunState,
  type SealedSlot,
  type SessionState,
  evolveRun,
  evolveSession,
  messageOf,
  runIdOf,
  sessionIdOf,
  type Message,
} from '@kheish/core-model';
import type { Load, LoadedSlot, RunningRuns, WorkingState } from './command.ts';
import { slotOf } from './sealed-slots.ts';
import type { Statements } from './statements.ts';

export interface Recorded {
  readonly event: DomainEvent;
  readonly message?: { readonly index: number; readonly message: Message };
}

interface Tracked<T> {
  state: T | undefined;
  /** Of a run, the event that accepted it; undefined: not in its table yet. */
  readonly firstSeq: number | undefined;
  /** The status that its table has. */
  readonly stored: string | undefined;
  changed: boolean;
}

/** The aggregates of one command while it is decided. */
export class WorkingSet implements WorkingState {
  readonly atMs: number;
  readonly recorded: Recorded[] = [];
  readonly sessions = new Map<string, Tracked<SessionState>>();
  readonly runs = new Map<string, Tracked<RunState>>();
  readonly sealed = new Map<string, { slot: SealedSlot | undefined; version: number }>();
  readonly #slots = new Map<string, LoadedSlot>();
  #running: { total: number; byRoute: Map<string, number> } | undefined;

  constructor(load: Load, statements: Statements, atMs: number) {
    this.atMs = atMs;
    if (load.session !== undefined) this.#loadSession(load.session, load.queue, statements);
    if (load.run !== undefined) this.#loadRun(load.run, statements);
    if (load.slot !== undefined) {
      this.#slots.set(load.slot, slotOf(statements.slot.get(load.slot)));
    }
    if (load.admission) {
      const byRoute = new Map(statements.running.all().map((row) => [row.routeId, row.count]));
      const total = [...byRoute.values()].reduce((sum, count) => sum + count, 0);
      this.#running = { total, byRoute };
    }
  }

  #loadSession(id: string, queue: 'all' | undefined, statements: Statements): void {
    const row = statements.session.get(id);
    const state = row && (JSON.parse(row.state) as SessionState);
    this.sessions.set(id, { state, firstSeq: row?.seq, stored: state?.status, changed: false });
    if (state?.active_run_id !== undefined) this.#loadRun(state.active_run_id, statements);
    for (const runId of state?.queued_run_ids.slice(0, queue === 'all' ? undefined : 1) ?? []) {
      this.#loadRun(runId, statements);
    }
  }

  #loadRun(id: string, statements: Statements): void {
    if (this.runs.has(id)) return;
    const row = statements.run.get(id);
    const state = row && (JSON.parse(row.state) as RunState);
    this.runs.set(id, {
      state,
      firstSeq: row?.firstSeq,
      stored: state?.status,
      changed: false,
    });
  }

  session(id: string): SessionState | undefined {
    return required(this.sessions, id, 'session').state;
  }

  run(id: string): RunState | undefined {
    return required(this.runs, id, 'run').state;
  }

  slot(id: string): LoadedSlot {
    return required(this.#slots, id, 'slot');
  }

  running(): RunningRuns {
    if (this.#running === undefined) throw new Error('running runs were not loaded');
    return this.#running;
  }

  record(...events: DomainEvent[]): void {
    for (const event of events) this.#evolve(event);
  }

  seal(slotId: string, slot: SealedSlot | undefined): void {
    const version = slot?.version ?? this.slot(slotId).lastVersion;
    this.sealed.set(slotId, { slot, version });
  }

  #evolve(event: DomainEvent): void {
    const sessionId = sessionIdOf(event);
    const runId = runIdOf(event);
    const index =
      sessionId === undefined ? 0 : (this.sessions.get(sessionId)?.state?.message_count ?? 0);
    let run: RunState | undefined;
    if (runId !== undefined) {
      const tracked = track(this.runs, runId);
      const before = tracked.state?.status;
      run = tracked.state = evolveRun(tracked.state, event, this.atMs);
      tracked.changed = true;
      this.#recount(run, before);
    }
    if (sessionId !== undefined) {
      const tracked = track(this.sessions, sessionId);
      tracked.state = evolveSession(tracked.state, event, this.atMs);
      tracked.changed = true;
    }
    const message = messageOf(event, run);
    this.recorded.push(message === undefined ? { event } : { event, message: { index, message } });
  }

  #recount(run: RunState, before: RunState['status'] | undefined): void {
    const change = Number(run.status === 'running') - Number(before === 'running');
    if (this.#running === undefined || change === 0) return;
    const { byRoute } = this.#running;
    const route = run.route.route_id;
    this.#running.total += change;
    byRoute.set(route, (byRoute.get(route) ?? 0) + change);
  }
}

/** A run that is accepted in this very command was not loaded: it does not exist yet. */
function track<T>(map: Map<string, Tracked<T>>, id: string): Tracked<T> {
  let tracked = map.get(id);
  if (tracked === undefined) {
    tracked = { state: undefined, firstSeq: undefined, stored: undefined, changed: false };
    map.set(id, tracked);
  }
  return tracked;
}

function required<T>(map: Map<string, T>, id: string, kind: string): T {
  const found = map.get(id);
  if (found === undefined) throw new Error(`${kind} ${id} was not loaded`);
  return found;
}
