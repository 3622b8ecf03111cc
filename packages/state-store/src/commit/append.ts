import { EVENT_SCHEMA_VERSION, runIdOf, runtimeRevisionOf, sessionIdOf } from '@kheish/core-model';
import type { BlobRow } from '../blobs/blob-store.ts';
import type { LedgerWriter } from '../ledger/ledger-writer.ts';
import { removeSessions } from '../retention/remove-session.ts';
import type { Aggregates } from './aggregates.ts';
import { writeToken } from './api-tokens.ts';
import { noteAuthFailures } from './auth-failures.ts';
import { addToDay } from './day-spending.ts';
import { eraseSession } from './erase-session.ts';
import { writeSlot } from './sealed-slots.ts';
import type { Statements } from './statements.ts';
import { type WorkingSet, openRequests } from './working-set.ts';

/** One line of the journal as followers get it; `body` is the event's JSON, encoded once. */
export interface RecordedRow {
  readonly seq: number;
  readonly type: string;
  readonly session_id?: string;
  readonly run_id?: string;
  readonly body: string;
}

/**
 * Writes what a command decided: its events from `seq` on, and the tables they change.
 * Blobs that the command brings must be on disk or in the same transaction before their events.
 */
export function append(
  { statements, ledger }: { readonly statements: Statements; readonly ledger: LedgerWriter },
  aggregates: Aggregates,
  work: WorkingSet,
  blobs: readonly BlobRow[],
  seq: number,
): RecordedRow[] {
  for (const blob of blobs) {
    statements.putBlob.run(blob.digest, blob.sessionId, blob.bytes, blob.data);
  }
  const rows = appendEvents(statements, work, seq);
  if (work.external.length > 0) ledger.append(work.external);
  if (work.checkpoint !== undefined) {
    ledger.keep(work.checkpoint.checkpoint, work.checkpoint.subtrees);
  }
  writeAggregates(statements, aggregates, work, rows);
  writeTasks(statements, work, rows);
  for (const [slotId, { slot, version }] of work.sealed) {
    writeSlot(statements, slotId, slot, version, work.atMs);
  }
  for (const token of work.keptTokens.values()) writeToken(statements, token);
  noteAuthFailures(statements, work.authFailures);
  if (work.sealed.size > 0) aggregates.authority.forget();
  work.usedAuthority?.write(statements, work.atMs);
  for (const [name, value] of work.facts) statements.putFact.run(name, value);
  for (const [utcDay, change] of work.days) addToDay(statements, utcDay, change);
  for (const { event } of work.recorded) {
    if (event.type === 'session_deleted') {
      eraseSession(statements, event.session_id);
      aggregates.forget();
    }
    if (event.type === 'sessions_pruned') {
      removeSessions(statements, event);
      aggregates.forget();
    }
    if (event.type === 'runtime_configured') {
      const revision = runtimeRevisionOf(event, work.atMs);
      const rowSeq = rows.find((row) => row.type === event.type)?.seq ?? 0;
      statements.putRevision.run(revision.revision, rowSeq, JSON.stringify(revision));
      aggregates.putRevision(revision);
    }
    if (event.type === 'daemon_started') {
      statements.startIncarnation.run(event.incarnation, event.version, work.atMs);
    }
    if (event.type === 'daemon_stopped') {
      statements.stopIncarnation.run(work.atMs, event.incarnation);
    }
  }
  return rows;
}

function appendEvents(statements: Statements, work: WorkingSet, first: number): RecordedRow[] {
  let seq = first;
  return work.recorded.map(({ event, message }) => {
    const { type, ...rest } = event;
    const body = JSON.stringify({
      type,
      seq,
      at_ms: work.atMs,
      v: EVENT_SCHEMA_VERSION,
      ...rest,
    });
    const sessionId = sessionIdOf(event);
    const runId = runIdOf(event);
    statements.appendEvent.run(seq, sessionId ?? null, runId ?? null, type, body);
    if (message !== undefined && sessionId !== undefined && runId !== undefined) {
      const text = JSON.stringify(message.message);
      statements.appendMessage.run(sessionId, message.index, seq, runId, text);
    }
    const row: RecordedRow = {
      seq,
      type,
      ...(sessionId !== undefined && { session_id: sessionId }),
      ...(runId !== undefined && { run_id: runId }),
      body,
    };
    seq += 1;
    return row;
  });
}

function writeAggregates(
  statements: Statements,
  aggregates: Aggregates,
  work: WorkingSet,
  rows: RecordedRow[],
): void {
  for (const [id, { state, firstSeq, stored, changed }] of work.sessions) {
    if (!changed || state === undefined) continue;
    tally(statements, 'session', stored, state.status);
    const seq = rows.findLast((row) => row.session_id === id)?.seq ?? 0;
    const text = JSON.stringify(state);
    if (firstSeq === undefined) statements.insertSession.run(id, seq, state.status, text);
    else if (stored === state.status) statements.updateSession.run(seq, text, id);
    else statements.updateSessionAndStatus.run(seq, state.status, text, id);
    aggregates.putSession({ state, seq }, text.length);
  }
  for (const [id, { state, firstSeq, stored, asking, changed }] of work.runs) {
    if (!changed || state === undefined) continue;
    tally(statements, 'run', stored, state.status);
    const own = rows.filter((row) => row.run_id === id);
    const seq = own.at(-1)?.seq ?? 0;
    const text = JSON.stringify(state);
    const accepted = firstSeq ?? own[0]?.seq ?? 0;
    const { session_id: sessionId, status, route } = state;
    if (firstSeq === undefined) {
      statements.insertRun.run(accepted, id, sessionId, seq, status, route.route_id, text);
    } else if (stored === status) statements.updateRun.run(seq, text, firstSeq);
    else statements.updateRunAndStatus.run(seq, status, text, firstSeq);
    const asks = openRequests(state);
    if (asks !== asking) statements.updateAsking.run(asks, accepted);
    aggregates.putRun({ state, firstSeq: accepted }, text.length);
  }
}

function writeTasks(statements: Statements, work: WorkingSet, rows: RecordedRow[]): void {
  for (const [id, { state, firstSeq, stored, changed }] of work.tasks) {
    if (!changed) continue;
    tally(statements, 'task', stored, state?.status);
    const own = rows.filter((_row, index) => work.recorded[index]?.taskId === id);
    const seq = own.at(-1)?.seq ?? 0;
    if (state === undefined) {
      if (firstSeq !== undefined) statements.deleteTask.run(firstSeq);
      continue;
    }
    const { session_id: sessionId, kind, status } = state;
    const text = JSON.stringify(state);
    if (firstSeq !== undefined) statements.updateTask.run(seq, status, text, firstSeq);
    else statements.insertTask.run(own[0]?.seq ?? 0, id, sessionId, seq, kind, status, text);
  }
}

function tally(
  { addToTally }: Statements,
  kind: 'session' | 'run' | 'task',
  before: string | undefined,
  after: string | undefined,
): void {
  if (before === after) return;
  if (before !== undefined) addToTally.run(kind, before, -1);
  if (after !== undefined) addToTally.run(kind, after, 1);
}
