import {
  type ApiToken,
  type AuthFailure,
  addSpending,
  daySpendingChange,
  type DomainEvent,
  type ExternalAction,
  type RunState,
  type SealedSlot,
  type SessionState,
  type Spending,
  type TaskState,
  evolveRun,
  evolveSession,
  evolveTask,
  externalActionsOf,
  isEnded,
  isTaskEvent,
  messageOf,
  noSpending,
  runIdOf,
  type RuntimeRevision,
  runtimeRevisionOf,
  sessionIdOf,
  type Message,
} from '@kheish/core-model';
import type { LedgerCheckpoint, LedgerSubtree } from '../ledger/sealed-entry.ts';
import { storedJson } from '../root/storage-error.ts';
import type { Aggregates, StoredRun, StoredSession } from './aggregates.ts';
import { tokenOf } from './api-tokens.ts';
import { WorkingAuthority } from './authority.ts';
import type { Load, LoadedSlot, RootFact, RunningRuns, WorkingState } from './command.ts';
import { spendingOf } from './day-spending.ts';
import type { StoreRedactor } from './redaction.ts';
import { sealedSlotOf, slotOf } from './sealed-slots.ts';
import type { Statements } from './statements.ts';

export interface Recorded {
  readonly event: DomainEvent;
  readonly message?: { readonly index: number; readonly message: Message };
  readonly taskId?: string;
}

interface Tracked<T> {
  state: T | undefined;
  /** Of a run or task, the event that began it; undefined: not in its table yet. */
  readonly firstSeq: number | undefined;
  /** The status that its table has. */
  readonly stored: string | undefined;
  /** Of a run, how many requests of it are open by its table. */
  readonly asking: number;
  changed: boolean;
}

/** The aggregates of one command while it is decided. */
export class WorkingSet implements WorkingState {
  readonly atMs: number;
  readonly recorded: Recorded[] = [];
  /** What the recorded events put on the record of external actions. */
  readonly external: ExternalAction[] = [];
  checkpoint: { checkpoint: LedgerCheckpoint; subtrees: readonly LedgerSubtree[] } | undefined;
  readonly sessions = new Map<string, Tracked<SessionState>>();
  readonly runs = new Map<string, Tracked<RunState>>();
  readonly tasks = new Map<string, Tracked<TaskState>>();
  readonly #statements: Statements;
  readonly sealed = new Map<string, { slot: SealedSlot | undefined; version: number }>();
  readonly #makeAuthority: () => WorkingAuthority;
  /** Undefined as long as nobody asked for it. */
  usedAuthority: WorkingAuthority | undefined;
  readonly #slots = new Map<string, LoadedSlot>();
  readonly facts = new Map<RootFact, string>();
  readonly #storedDay: (utcDay: string) => Spending;
  /** By how much each day's spending changed. */
  readonly days = new Map<string, Spending>();
  readonly #storedRuntime: (revision: number | undefined) => RuntimeRevision;
  #runtime: RuntimeRevision | undefined;
  readonly keptTokens = new Map<string, ApiToken>();
  readonly authFailures: AuthFailure[] = [];
  #storedRunning: (() => { routeId: string; count: number }[]) | undefined;
  /** By how many the running runs of a route are more than those stored. */
  readonly #runningChange = new Map<string, number>();

  readonly #redactor: StoreRedactor;

  constructor(
    load: Load,
    statements: Statements,
    aggregates: Aggregates,
    atMs: number,
    redactor: StoreRedactor,
  ) {
    this.atMs = atMs;
    this.#redactor = redactor;
    this.#statements = statements;
    this.#makeAuthority = () => new WorkingAuthority(statements, aggregates.authority);
    const run = (id: string) => this.#putRun(id, aggregates.run(id, statements));
    if (load.session !== undefined) {
      const session = aggregates.session(load.session, statements);
      this.#putSession(load.session, session);
      for (const id of runsOf(session?.state, load.queue)) run(id);
    }
    if (load.run !== undefined) run(load.run);
    for (const id of load.slots ?? []) this.#slots.set(id, slotOf(statements.slot.get(id)));
    this.#storedDay = (utcDay) => spendingOf(statements.daySpending.get(utcDay));
    this.#storedRuntime = (revision) => aggregates.runtime(revision, statements);
    if (load.admission) this.#storedRunning = () => statements.running.all();
  }

  #putSession(id: string, stored: StoredSession | undefined): void {
    const { state, seq: firstSeq } = stored ?? {};
    this.sessions.set(id, { state, firstSeq, stored: state?.status, asking: 0, changed: false });
  }

  #putRun(id: string, stored: StoredRun | undefined): void {
    const { state, firstSeq } = stored ?? {};
    const asking = state === undefined ? 0 : openRequests(state);
    this.runs.set(id, { state, firstSeq, stored: state?.status, asking, changed: false });
  }

  get authority(): WorkingAuthority {
    return (this.usedAuthority ??= this.#makeAuthority());
  }

  session(id: string): SessionState | undefined {
    return required(this.sessions, id, 'session').state;
  }

  run(id: string): RunState | undefined {
    return required(this.runs, id, 'run').state;
  }

  task(id: string): TaskState | undefined {
    return this.#task(id).state;
  }

  openTasks(sessionId: string): readonly TaskState[] {
    for (const row of this.#statements.openTasks.all(sessionId)) {
      const state = storedJson(row.state) as TaskState;
      if (!this.tasks.has(state.task_id)) this.#putTask(state.task_id, state, row.firstSeq);
    }
    return [...this.tasks.values()]
      .toSorted(byCreation)
      .flatMap(({ state }) => state ?? [])
      .filter((task) => task.session_id === sessionId && !isEnded(task.status));
  }

  #task(id: string): Tracked<TaskState> {
    const known = this.tasks.get(id);
    if (known !== undefined) return known;
    const row = this.#statements.task.get(id);
    const state = row === undefined ? undefined : (storedJson(row.state) as TaskState);
    return this.#putTask(id, state, row?.firstSeq);
  }

  #putTask(id: string, state: TaskState | undefined, firstSeq: number | undefined) {
    const tracked = { state, firstSeq, stored: state?.status, asking: 0, changed: false };
    this.tasks.set(id, tracked);
    return tracked;
  }

  slot(id: string): LoadedSlot {
    return required(this.#slots, id, 'slot');
  }

  slots(): SealedSlot[] {
    return this.#statements.slots.all().flatMap((row) => sealedSlotOf(row) ?? []);
  }

  running(): RunningRuns {
    if (this.#storedRunning === undefined) throw new Error('running runs were not loaded');
    const byRoute = new Map(this.#runningChange);
    for (const { routeId, count } of this.#storedRunning()) addTo(byRoute, routeId, count);
    const total = [...byRoute.values()].reduce((sum, count) => sum + count, 0);
    return { total, byRoute };
  }

  daySpending(utcDay: string): Spending {
    return addSpending(this.#storedDay(utcDay), this.days.get(utcDay) ?? noSpending);
  }

  runtime(revision?: number): RuntimeRevision {
    const isOwn = revision === undefined || revision === this.#runtime?.revision;
    return (isOwn ? this.#runtime : undefined) ?? this.#storedRuntime(revision);
  }

  record(...events: DomainEvent[]): void {
    for (const event of events) this.#evolve(this.#redactor.redactJson(event));
  }

  seal(slotId: string, slot: SealedSlot | undefined): void {
    const version = slot?.version ?? this.slot(slotId).lastVersion;
    this.sealed.set(slotId, { slot, version });
  }

  token(id: string): ApiToken | undefined {
    return this.keptTokens.get(id) ?? tokenOf(this.#statements.token.get(id));
  }

  keepToken(token: ApiToken): void {
    this.keptTokens.set(token.token_id, token);
  }

  noteAuthFailures(failures: readonly AuthFailure[]): void {
    this.authFailures.push(...failures);
  }

  keepCheckpoint(checkpoint: LedgerCheckpoint, subtrees: readonly LedgerSubtree[]): void {
    this.checkpoint = { checkpoint, subtrees };
  }

  keepFact(name: RootFact, value: string): void {
    this.facts.set(name, value);
  }

  #evolve(event: DomainEvent): void {
    const sessionId = sessionIdOf(event);
    const runId = runIdOf(event);
    const index =
      sessionId === undefined ? 0 : (this.sessions.get(sessionId)?.state?.message_count ?? 0);
    const { type } = event;
    if (type.startsWith('auth_') || type === 'secrets_rekeyed') this.authority.follow(event);
    if (event.type === 'runtime_configured') this.#runtime = runtimeRevisionOf(event, this.atMs);
    let run = runId === undefined ? undefined : this.runs.get(runId)?.state;
    this.external.push(...externalActionsOf(event, run, this.atMs));
    if (runId !== undefined) {
      const tracked = track(this.runs, runId);
      const before = tracked.state?.status;
      this.#spend(event, tracked.state);
      run = tracked.state = evolveRun(tracked.state, event, this.atMs);
      tracked.changed = true;
      this.#recount(run, before);
    }
    if (sessionId !== undefined) {
      const tracked = track(this.sessions, sessionId);
      tracked.state = evolveSession(tracked.state, event, this.atMs);
      tracked.changed = true;
    }
    if (isTaskEvent(event)) {
      const tracked = this.#task(event.task_id);
      tracked.state = evolveTask(tracked.state, event, this.atMs);
      tracked.changed = true;
      this.recorded.push({ event, taskId: event.task_id });
      return;
    }
    const message = messageOf(event, run);
    this.recorded.push(message === undefined ? { event } : { event, message: { index, message } });
  }

  #spend(event: DomainEvent, run: RunState | undefined): void {
    const spending = daySpendingChange(event, run);
    if (spending === undefined) return;
    const { utcDay, change } = spending;
    this.days.set(utcDay, addSpending(this.days.get(utcDay) ?? noSpending, change));
  }

  #recount(run: RunState, before: RunState['status'] | undefined): void {
    const change = Number(run.status === 'running') - Number(before === 'running');
    if (change !== 0) addTo(this.#runningChange, run.route.route_id, change);
  }
}

/** Approvals and questions that wait for an answer. */
export function openRequests(run: RunState): number {
  return run.approvals.length + run.questions.length;
}

/** Those that are created in this very command come last, in the order in which they are. */
function byCreation(a: Tracked<TaskState>, b: Tracked<TaskState>): number {
  const { firstSeq: before = Infinity } = a;
  const { firstSeq: after = Infinity } = b;
  return before === after ? 0 : before - after;
}

function addTo(counts: Map<string, number>, key: string, change: number): void {
  counts.set(key, (counts.get(key) ?? 0) + change);
}

/** The active run, and of the queue the head or all of it. */
function runsOf(session: SessionState | undefined, queue: 'all' | undefined): string[] {
  if (session === undefined) return [];
  const { active_run_id: active, queued_run_ids: queued } = session;
  const waiting = queue === 'all' ? queued : queued.slice(0, 1);
  return active === undefined ? [...waiting] : [active, ...waiting];
}

/** A run that is accepted in this very command was not loaded: it does not exist yet. */
function track<T>(map: Map<string, Tracked<T>>, id: string): Tracked<T> {
  let tracked = map.get(id);
  if (tracked === undefined) {
    tracked = {
      state: undefined,
      firstSeq: undefined,
      stored: undefined,
      asking: 0,
      changed: false,
    };
    map.set(id, tracked);
  }
  return tracked;
}

function required<T>(map: Map<string, T>, id: string, kind: string): T {
  const found = map.get(id);
  if (found === undefined) throw new Error(`${kind} ${id} was not loaded`);
  return found;
}
