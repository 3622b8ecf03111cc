import {
  type ApiRole,
  type ApiToken,
  type AuthFailure,
  type Message,
  type RunState,
  type RunStatus,
  type RuntimeRevision,
  type SealedSlot,
  type SessionState,
  type Spending,
  type TaskState,
  type TaskStatus,
  type ToolCallPart,
  toolCallsOf,
} from '@kheish/core-model';
import type { Aggregates } from '../commit/aggregates.ts';
import { tokenOf } from '../commit/api-tokens.ts';
import { type Authority, storedAuthority } from '../commit/authority.ts';
import type { RootFact } from '../commit/command.ts';
import { spendingOf } from '../commit/day-spending.ts';
import { sealedSlotOf, slotOf } from '../commit/sealed-slots.ts';
import { loads } from '../commit/statements.ts';
import type { Connection } from '../root/connection.ts';
import { storedJson } from '../root/storage-error.ts';
import { LIVE_SHELL, UNFINISHED } from '../schema/unfinished.ts';

export interface ListedRun {
  readonly run: RunState;
  /** Place in the order of submission. */
  readonly position: number;
}

export interface ListedTask {
  readonly task: TaskState;
  /** Place in the order of creation. */
  readonly position: number;
}

export interface ListedFailure {
  readonly failure: AuthFailure;
  /** Place in the order in which they were noted. */
  readonly position: number;
}

export interface TranscriptEntry {
  readonly index: number;
  readonly run_id: string;
  readonly message: Message;
}

const sessionOf = (row: { state: string }) => storedJson(row.state) as SessionState;
const taskOf = (row: { state: string }) => storedJson(row.state) as TaskState;
const runOf = (row: { state: string }) => storedJson(row.state) as RunState;

/** What may be asked of the tables outside a commit. */
export class Reads {
  readonly authority: Authority;
  readonly #statements;
  readonly #prepared;
  readonly #aggregates: Aggregates;

  constructor(connection: Connection, aggregates: Aggregates) {
    this.#aggregates = aggregates;
    this.#statements = loads(connection.prepareRead);
    this.authority = storedAuthority(this.#statements, aggregates.authority);
    this.#prepared = prepareReads(connection);
  }

  session(id: string): SessionState | undefined {
    return this.#aggregates.session(id, this.#statements)?.state;
  }

  run(id: string): RunState | undefined {
    return this.#aggregates.run(id, this.#statements)?.state;
  }

  /** By id, without deleted ones. */
  sessions(options: { after?: string; limit: number }): SessionState[] {
    return this.#prepared.sessions.all(options.after ?? '', options.limit).map(sessionOf);
  }

  /** In order of submission or against it; `after` is the position of the last one seen. */
  runs(options: {
    after?: number;
    limit: number;
    order: 'asc' | 'desc';
    sessionId?: string;
  }): ListedRun[] {
    const { limit, order, sessionId } = options;
    const after = options.after ?? (order === 'asc' ? 0 : Number.MAX_SAFE_INTEGER);
    const rows =
      sessionId === undefined
        ? this.#prepared.runs[order].all(after, limit)
        : this.#prepared.runsOfSession[order].all(sessionId, after, limit);
    return rows.map((row) => ({ run: runOf(row), position: row.firstSeq }));
  }

  /** Runs that were neither finished nor waiting when the daemon last stopped, oldest first. */
  runningRuns(): RunState[] {
    return this.#prepared.unfinished.all('running').map(runOf);
  }

  /** Runs with an approval or a question that is open, in order of submission. */
  askingRuns(options: { after?: number; limit: number }): ListedRun[] {
    return this.#prepared.asking
      .all(options.after ?? 0, options.limit)
      .map((row) => ({ run: runOf(row), position: row.firstSeq }));
  }

  task(id: string): TaskState | undefined {
    const row = this.#statements.task.get(id);
    return row && taskOf(row);
  }

  /** Tasks of a session in order of creation; `after` is the position of the last one seen. */
  tasks(options: {
    sessionId: string;
    status?: TaskStatus;
    after?: number;
    limit: number;
  }): ListedTask[] {
    const { sessionId, status, after = 0, limit } = options;
    const rows =
      status === undefined
        ? this.#prepared.tasks.all(sessionId, after, limit)
        : this.#prepared.tasksByStatus.all(sessionId, status, after, limit);
    return rows.map((row) => ({ task: taskOf(row), position: row.firstSeq }));
  }

  openTasks(sessionId: string): TaskState[] {
    return this.#statements.openTasks.all(sessionId).map(taskOf);
  }

  /** Background commands that have not ended, oldest first. */
  liveShells(): TaskState[] {
    return this.#prepared.liveShells.all().map(taskOf);
  }

  /** Of each status that any task has. */
  taskCounts(): { status: TaskStatus; count: number }[] {
    return this.#prepared.tally.all('task') as { status: TaskStatus; count: number }[];
  }

  /** The configuration in force, or the one of a revision that is there. */
  runtime(revision?: number): RuntimeRevision {
    return this.#aggregates.runtime(revision, this.#statements);
  }

  /** What the model calls of a UTC day spend. */
  daySpending(utcDay: string): Spending {
    return spendingOf(this.#statements.daySpending.get(utcDay));
  }

  /** Newest first, from the one before `before` on. */
  revisions(options: { before?: number; limit: number }): RuntimeRevision[] {
    return this.#prepared.revisions
      .all(options.before ?? Number.MAX_SAFE_INTEGER, options.limit)
      .map((row) => storedJson(row.body) as RuntimeRevision);
  }

  /** Whether that start of the daemon ended in order; the one that is under way has not. */
  stoppedInOrder(incarnation: number): boolean {
    return this.#prepared.stopped.get(incarnation) !== undefined;
  }

  /**
   * Sessions whose queue could go on: nothing active, and a run at its head whose route is not among
   * `fullRoutes`. Oldest head first.
   */
  readySessions(options: { limit: number; fullRoutes?: readonly string[] }): string[] {
    const { limit, fullRoutes = [] } = options;
    return this.#prepared.ready.all(JSON.stringify(fullRoutes), limit).map((row) => row.sessionId);
  }

  /** How many runs are running on each route that has any. */
  runningByRoute(): ReadonlyMap<string, number> {
    return new Map(this.#statements.running.all().map((row) => [row.routeId, row.count]));
  }

  /** Entries with an index of at least `from`. */
  messages(sessionId: string, options: { from: number; limit: number }): TranscriptEntry[] {
    return this.#prepared.messages.all(sessionId, options.from, options.limit).map((row) => ({
      index: row.idx,
      run_id: row.runId,
      message: storedJson(row.body) as Message,
    }));
  }

  /** A call of the newest answer of the model in a session. */
  toolCall(sessionId: string, toolCallId: string): ToolCallPart | undefined {
    for (const { body } of this.#prepared.messagesBackwards.iterate(sessionId)) {
      const message = storedJson(body) as Message;
      if (message.role !== 'assistant') continue;
      return toolCallsOf(message).find((call) => call.tool_call_id === toolCallId);
    }
    return undefined;
  }

  slot(id: string): SealedSlot | undefined {
    return slotOf(this.#statements.slot.get(id)).slot;
  }

  slots(): SealedSlot[] {
    return this.#statements.slots.all().flatMap((row) => sealedSlotOf(row) ?? []);
  }

  token(id: string): ApiToken | undefined {
    return tokenOf(this.#statements.token.get(id));
  }

  /** In order of creation, after the one of that id. */
  tokens(options: { after?: string; limit: number }): ApiToken[] {
    const rows = this.#statements.tokens.all(options.after ?? '', options.limit);
    return rows.map((row) => tokenOf(row));
  }

  /** Whether there ever was a named token. */
  anyToken(): boolean {
    return this.#statements.anyToken.get() !== undefined;
  }

  /** How many tokens of each role are neither revoked nor expired. */
  activeTokens(atMs: number): ReadonlyMap<ApiRole, number> {
    const rows = this.#statements.activeTokens.all(atMs);
    return new Map(rows.map(({ role, count }) => [role as ApiRole, count]));
  }

  /** Newest first, from the one before `before` on. */
  authFailures(options: { before?: number; limit: number }): ListedFailure[] {
    const { before = Number.MAX_SAFE_INTEGER, limit } = options;
    return this.#statements.authFailures.all(before, limit).map(({ failureId, body }) => ({
      failure: storedJson(body) as AuthFailure,
      position: failureId,
    }));
  }

  fact(name: RootFact): string | undefined {
    return this.#prepared.fact.get(name)?.value;
  }

  /** Without deleted ones. */
  sessionCount(): number {
    const kept = this.#prepared.tally.all('session').filter(({ status }) => status !== 'deleted');
    return kept.reduce((sum, { count }) => sum + count, 0);
  }

  /** Of each status that any run has. */
  runCounts(): { status: RunStatus; count: number }[] {
    return this.#prepared.tally.all('run') as { status: RunStatus; count: number }[];
  }
}

interface StateRow {
  readonly state: string;
  readonly firstSeq: number;
}

function runs(where: string, order: string): string {
  return `SELECT state, first_seq firstSeq FROM runs WHERE ${where} ORDER BY first_seq ${order} LIMIT ?`;
}

function prepareReads({ prepareRead: prepare }: Connection) {
  return {
    sessions: prepare<[string, number], { state: string }>(
      `SELECT state FROM sessions WHERE session_id > ? AND status <> 'deleted'
       ORDER BY session_id LIMIT ?`,
    ),
    runs: {
      asc: prepare<[number, number], StateRow>(runs('first_seq > ?', 'ASC')),
      desc: prepare<[number, number], StateRow>(runs('first_seq < ?', 'DESC')),
    },
    runsOfSession: {
      asc: prepare<[string, number, number], StateRow>(
        runs('session_id = ? AND first_seq > ?', 'ASC'),
      ),
      desc: prepare<[string, number, number], StateRow>(
        runs('session_id = ? AND first_seq < ?', 'DESC'),
      ),
    },
    unfinished: prepare<[string], { state: string }>(
      `SELECT state FROM runs WHERE status = ? AND ${UNFINISHED} ORDER BY first_seq`,
    ),
    tasks: prepare<[string, number, number], StateRow>(
      `SELECT state, first_seq firstSeq FROM session_tasks
       WHERE session_id = ? AND first_seq > ? ORDER BY first_seq LIMIT ?`,
    ),
    tasksByStatus: prepare<[string, string, number, number], StateRow>(
      `SELECT state, first_seq firstSeq FROM session_tasks
       WHERE session_id = ? AND status = ? AND first_seq > ? ORDER BY first_seq LIMIT ?`,
    ),
    liveShells: prepare<[], { state: string }>(
      `SELECT state FROM session_tasks WHERE ${LIVE_SHELL} AND first_seq > 0 ORDER BY first_seq`,
    ),
    asking: prepare<[number, number], StateRow>(runs('pending > 0 AND first_seq > ?', 'ASC')),
    revisions: prepare<[number, number], { body: string }>(
      'SELECT body FROM runtime_revisions WHERE revision < ? ORDER BY revision DESC LIMIT ?',
    ),
    // Beside min() SQLite takes bare columns from the row that has the minimum: the head of the queue.
    ready: prepare<[string, number], { sessionId: string }>(
      `SELECT session_id sessionId, route_id routeId, min(first_seq) oldest FROM runs
       WHERE status = 'queued' AND ${UNFINISHED} AND session_id NOT IN
         (SELECT session_id FROM runs WHERE status IN ('running', 'waiting_for_approval', 'waiting_for_user_question') AND ${UNFINISHED})
       GROUP BY session_id HAVING routeId NOT IN (SELECT value FROM json_each(?))
       ORDER BY oldest LIMIT ?`,
    ),
    messages: prepare<[string, number, number], { idx: number; runId: string; body: string }>(
      `SELECT idx, run_id runId, body FROM messages WHERE session_id = ? AND idx >= ?
       ORDER BY idx LIMIT ?`,
    ),
    stopped: prepare<[number], { one: number }>(
      'SELECT 1 one FROM incarnations WHERE incarnation = ? AND stopped_at_ms IS NOT NULL',
    ),
    messagesBackwards: prepare<[string], { body: string }>(
      'SELECT body FROM messages WHERE session_id = ? ORDER BY idx DESC',
    ),
    fact: prepare<[string], { value: string }>('SELECT value FROM root_facts WHERE name = ?'),
    tally: prepare<[string], { status: string; count: number }>(
      'SELECT status, count FROM tallies WHERE kind = ? AND count > 0',
    ),
  };
}
