import {
  type DomainEvent,
  type Message,
  type RunState,
  type RuntimeRevision,
  type SessionState,
  type Spending,
  type TaskState,
  addSpending,
  daySpendingChange,
  evolveRun,
  evolveSession,
  evolveTask,
  firstRevision,
  isEnded,
  isTaskEvent,
  messageOf,
  noSpending,
  runIdOf,
  sessionIdOf,
} from '@kheish/core-model';
import type { Load, WorkingState } from '@kheish/state-store';

interface Tables {
  readonly sessions: Map<string, SessionState>;
  readonly runs: Map<string, RunState>;
  readonly tasks: Map<string, TaskState>;
  readonly transcripts: Map<string, readonly Message[]>;
}

/** A store in memory: a command is decided over what it loads, and either all of it happens or nothing. */
export class MemoryState {
  tables: Tables = {
    sessions: new Map(),
    runs: new Map(),
    tasks: new Map(),
    transcripts: new Map(),
  };
  readonly journal: DomainEvent[] = [];
  readonly days = new Map<string, Spending>();
  revision: RuntimeRevision = firstRevision;
  atMs = 0;

  commit<R>(load: Load, decide: (state: WorkingState) => R): R {
    this.atMs += 1;
    const before = this.tables;
    const { sessions, runs, tasks, transcripts } = before;
    this.tables = {
      sessions: new Map(sessions),
      runs: new Map(runs),
      tasks: new Map(tasks),
      transcripts: new Map(transcripts),
    };
    const recorded: DomainEvent[] = [];
    try {
      const result = decide(this.#workingState(load, recorded));
      this.journal.push(...recorded);
      return result;
    } catch (error) {
      this.tables = before;
      throw error;
    }
  }

  #workingState(load: Load, recorded: DomainEvent[]): WorkingState {
    const known = this.#loaded(load);
    const required = <T>(map: Map<string, T>, id: string): T | undefined => {
      if (!known.has(id)) throw new Error(`${id} was not loaded`);
      return map.get(id);
    };
    return {
      atMs: this.atMs,
      session: (id) => required(this.tables.sessions, id),
      run: (id) => required(this.tables.runs, id),
      task: (id) => this.tables.tasks.get(id),
      openTasks: (sessionId) => this.openTasks(sessionId),
      slot: () => ({ lastVersion: 0 }),
      slots: () => [],
      running: () => {
        if (!load.admission) throw new Error('running runs were not loaded');
        return this.running();
      },
      record: (...events) => {
        for (const event of events) {
          const runId = runIdOf(event);
          if (runId !== undefined) known.add(runId);
          this.#evolve(event);
          recorded.push(event);
        }
      },
      daySpending: (utcDay) => this.days.get(utcDay) ?? noSpending,
      runtime: () => this.revision,
      seal: () => undefined,
      token: () => undefined,
      keepToken: () => undefined,
      noteAuthFailures: () => undefined,
      keepCheckpoint: () => undefined,
      authority: {
        subject: (subject_id) => ({ subject_id, epoch: 0, revoked: false }),
        slot: () => ({ version: 0, holds: false, revoked: false }),
        lease: () => undefined,
        newestLease: () => undefined,
        leasesOf: () => [],
        issue: () => undefined,
      },
      keepFact: () => undefined,
    };
  }

  #loaded(load: Load): Set<string> {
    const known = new Set<string>();
    if (load.run !== undefined) known.add(load.run);
    if (load.session === undefined) return known;
    known.add(load.session);
    const session = this.tables.sessions.get(load.session);
    if (session?.active_run_id !== undefined) known.add(session.active_run_id);
    const queue = session?.queued_run_ids ?? [];
    for (const id of load.queue === 'all' ? queue : queue.slice(0, 1)) known.add(id);
    return known;
  }

  #evolve(event: DomainEvent): void {
    const { sessions, runs, tasks, transcripts } = this.tables;
    const sessionId = sessionIdOf(event) ?? '';
    const runId = runIdOf(event);
    const spending = daySpendingChange(event, runs.get(runId ?? ''));
    if (spending !== undefined) {
      const { utcDay, change } = spending;
      this.days.set(utcDay, addSpending(this.days.get(utcDay) ?? noSpending, change));
    }
    const run = runId === undefined ? undefined : evolveRun(runs.get(runId), event, this.atMs);
    if (runId !== undefined && run !== undefined) runs.set(runId, run);
    sessions.set(sessionId, evolveSession(sessions.get(sessionId), event, this.atMs));
    if (isTaskEvent(event)) {
      const task = evolveTask(tasks.get(event.task_id), event, this.atMs);
      if (task === undefined) tasks.delete(event.task_id);
      else tasks.set(event.task_id, task);
    }
    const message = messageOf(event, run);
    if (message === undefined) return;
    transcripts.set(sessionId, [...(transcripts.get(sessionId) ?? []), message]);
  }

  openTasks(sessionId: string): TaskState[] {
    return [...this.tables.tasks.values()].filter(
      (task) => task.session_id === sessionId && !isEnded(task.status),
    );
  }

  running(): { total: number; byRoute: Map<string, number> } {
    const byRoute = new Map<string, number>();
    let total = 0;
    for (const { status, route } of this.tables.runs.values()) {
      if (status !== 'running') continue;
      total += 1;
      byRoute.set(route.route_id, (byRoute.get(route.route_id) ?? 0) + 1);
    }
    return { total, byRoute };
  }

  run(id: string): RunState {
    const run = this.tables.runs.get(id);
    if (run === undefined) throw new Error(`there is no run ${id}`);
    return run;
  }

  session(id: string): SessionState {
    const session = this.tables.sessions.get(id);
    if (session === undefined) throw new Error(`there is no session ${id}`);
    return session;
  }
}
