import {
  type Body,
  type ExternalAction,
  type Message,
  type RecordedEvent,
  type RunState,
  type SessionState,
  type Spending,
  type TaskState,
  addSpending,
  daySpendingChange,
  eraseRun,
  eraseTask,
  evolveRun,
  evolveSession,
  evolveTask,
  externalActionsOf,
  isBlobRef,
  isTaskEvent,
  mapBodies,
  messageOf,
  noSpending,
  runIdOf,
} from '@kheish/core-model';
import type { Database } from 'better-sqlite3';

export interface ReplayedSession {
  readonly session: { readonly state: SessionState; readonly seq: number };
  readonly runs: Map<
    string,
    { readonly firstSeq: number; readonly seq: number; readonly state: RunState }
  >;
  readonly tasks: Map<
    string,
    { readonly firstSeq: number; readonly seq: number; readonly state: TaskState }
  >;
  readonly messages: readonly { idx: number; seq: number; run_id: string; body: Message }[];
  /** What its model calls spent and put aside, by UTC day. */
  readonly days: ReadonlyMap<string, Spending>;
  /** What its events put on the record of external actions, by run. */
  readonly external: ReadonlyMap<string, readonly ExternalAction[]>;
  /** Digests of the long texts that its events refer to. */
  readonly blobs: ReadonlySet<string>;
}

/** What the journal alone makes of a session; `broken` where it has events that cannot follow each other. */
export function replaySession(
  db: Database,
  sessionId: string,
): ReplayedSession | { broken: string } {
  const rows = db
    .prepare<[string], { seq: number; body: string }>(
      'SELECT seq, body FROM journal WHERE session_id = ? AND session_id IS NOT NULL ORDER BY seq',
    )
    .all(sessionId);
  let session: SessionState | undefined;
  let lastSeq = 0;
  let messages: ReplayedSession['messages'][number][] = [];
  const runs: ReplayedSession['runs'] = new Map();
  const tasks: ReplayedSession['tasks'] = new Map();
  const blobs = new Set<string>();
  const days = new Map<string, Spending>();
  const external = new Map<string, ExternalAction[]>();
  try {
    for (const { seq, body } of rows) {
      const event = JSON.parse(body) as RecordedEvent;
      const index = session?.message_count ?? 0;
      const runId = runIdOf(event);
      let run: RunState | undefined;
      if (runId !== undefined) {
        const known = runs.get(runId);
        const spending = daySpendingChange(event, known?.state);
        if (spending !== undefined) {
          const before = days.get(spending.utcDay) ?? noSpending;
          days.set(spending.utcDay, addSpending(before, spending.change));
        }
        const actions = externalActionsOf(event, known?.state, event.at_ms);
        const recorded = external.get(runId) ?? [];
        external.set(runId, recorded);
        recorded.push(...actions);
        run = evolveRun(known?.state, event, event.at_ms);
        runs.set(runId, { firstSeq: known?.firstSeq ?? seq, seq, state: run });
      }
      if (isTaskEvent(event)) {
        const known = tasks.get(event.task_id);
        const state = evolveTask(known?.state, event, event.at_ms);
        if (state === undefined) tasks.delete(event.task_id);
        else tasks.set(event.task_id, { firstSeq: known?.firstSeq ?? seq, seq, state });
      }
      session = evolveSession(session, event, event.at_ms);
      lastSeq = seq;
      const message = messageOf(event, run);
      if (message !== undefined && runId !== undefined) {
        messages.push({ idx: index, seq, run_id: runId, body: message });
      }
      for (const text of bodiesOf(event)) if (isBlobRef(text)) blobs.add(text.blob);
      if (event.type === 'session_deleted') {
        messages = [];
        for (const [id, known] of runs) runs.set(id, { ...known, state: eraseRun(known.state) });
        for (const [id, known] of tasks) tasks.set(id, { ...known, state: eraseTask(known.state) });
      }
    }
  } catch (error) {
    return { broken: (error as Error).message };
  }
  if (session === undefined) return { broken: 'it has no events' };
  return {
    session: { state: session, seq: lastSeq },
    runs,
    tasks,
    messages,
    days,
    external,
    blobs,
  };
}

function bodiesOf(event: RecordedEvent): Body[] {
  switch (event.type) {
    case 'run_accepted':
      return [event.request.content];
    case 'output_emitted':
      return [event.content];
    case 'run_completed':
      return event.outputs.map((output) => output.content);
    case 'approval_resolved':
      return event.updated_input === undefined ? [] : [event.updated_input];
    case 'task_created':
      return event.command === undefined ? [] : [event.command];
    case 'task_updated':
    case 'task_settled':
      return event.output === undefined ? [] : [event.output];
    case 'context_compacted':
      return event.summary === undefined ? [] : [event.summary];
    default:
      return bodiesIn(messageOf(event, undefined));
  }
}

function bodiesIn(message: Message | undefined): Body[] {
  const bodies: Body[] = [];
  if (message === undefined) return bodies;
  mapBodies(message, (body) => {
    bodies.push(body);
    return body;
  });
  return bodies;
}
