import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type RecordedEvent, type StoreVerification, runtimeRevisionOf } from '@kheish/core-model';
import Database from 'better-sqlite3';
import type { BlobStore } from '../blobs/blob-store.ts';
import { openRequests } from '../commit/working-set.ts';
import { isDamage, readError } from '../root/storage-error.ts';
import { schemaVersionOf } from '../schema/migrate.ts';
import { checkAuthority } from './authority.ts';
import { checkTokens } from './check-tokens.ts';
import { compareLedger } from './compare-ledger.ts';
import { type ReplayedSession, replaySession } from './replay-session.ts';
import { checkSequence, prunings } from './sequence.ts';
import { Tallies } from './tallies.ts';

export type StoreReport = StoreVerification;

/** Findings beyond this are counted by nobody: the store needs its backup. */
const MAX_FINDINGS = 1_000;

/**
 * Replays the journal and compares it with the derived tables, checks blobs against their digests and the
 * database against itself. Reads one consistent snapshot on a connection of its own, and yields between
 * sessions, so that a running daemon goes on.
 */
export async function verifyDatabase(
  file: string,
  rootId: string,
  blobs: BlobStore,
): Promise<StoreReport> {
  const db = new Database(file, { readonly: true });
  const findings: StoreReport['findings'] = [];
  const find = (check: string, subject: string, message: string) => {
    if (findings.length < MAX_FINDINGS) findings.push({ check, subject, message });
  };
  try {
    const counts = { events: 0, sessions: 0, runs: 0, messages: 0, blobs: 0 };
    let schemaVersion = 0;
    try {
      db.exec('BEGIN');
      schemaVersion = schemaVersionOf(db);
      checkDatabase(db, find);
      Object.assign(counts, countRows(db));
      await checkContent(db, blobs, find);
    } catch (error) {
      // Of a database that is known to be damaged anything may come.
      if (!isDamage(error) && findings.length === 0) throw readError(error);
      find('database', 'kheish.db', `it cannot be read to its end: ${(error as Error).message}`);
    }
    return {
      ok: findings.length === 0,
      root_id: rootId,
      schema_version: schemaVersion,
      ...counts,
      findings,
    };
  } finally {
    db.close();
  }
}

async function checkContent(db: Database.Database, blobs: BlobStore, find: Find): Promise<void> {
  const pruned = prunings(db);
  checkSequence(db, pruned, find);
  checkColumns(db, find);
  checkSlots(db, find);
  checkTokens(db, find);
  checkRevisions(db, find);
  checkAuthority(db, find);
  const tallies = new Tallies();
  for (const { days } of pruned) tallies.addDays(Object.entries(days));
  for (const sessionId of sessionIds(db)) {
    const replayed = replaySession(db, sessionId);
    tallies.add(replayed);
    if ('broken' in replayed) find('replay', sessionId, replayed.broken);
    else compare(db, sessionId, replayed, find);
    await new Promise((resolve) => setImmediate(resolve));
  }
  tallies.compare(db, find);
  await checkBlobs(db, blobs, find);
}

export type Find = (check: string, subject: string, message: string) => void;

function countRows(db: Database.Database) {
  const count = (table: string) =>
    db.prepare<[], { n: number }>(`SELECT count(*) n FROM ${table}`).get()?.n ?? 0;
  return {
    events: count('journal'),
    sessions: count('sessions'),
    runs: count('runs'),
    messages: count('messages'),
    blobs: count('blobs'),
  };
}

function checkDatabase(db: Database.Database, find: Find): void {
  const rows = db.pragma('integrity_check(20)') as { integrity_check: string }[];
  for (const { integrity_check: message } of rows) {
    if (message !== 'ok') find('database', 'kheish.db', message);
  }
}

/** The columns by which events are found say what the events say. */
function checkColumns(db: Database.Database, find: Find): void {
  const wrong = db
    .prepare<[], { seq: number }>(
      `SELECT seq FROM journal WHERE CASE WHEN json_valid(body) THEN
         seq IS NOT body ->> 'seq' OR type IS NOT body ->> 'type'
         OR session_id IS NOT body ->> 'session_id' OR run_id IS NOT body ->> 'run_id'
       ELSE 1 END ORDER BY seq LIMIT ${MAX_FINDINGS}`,
    )
    .all();
  for (const { seq } of wrong) find('event', String(seq), 'its columns are not those of its body');
}

/** The journal knows of a secret slot its newest version, and whether it was deleted. */
function checkSlots(db: Database.Database, find: Find): void {
  const wrong = db
    .prepare<[], { slotId: string }>(
      `WITH told AS (
         SELECT slot_id, version, deleted, max(seq) FROM (
           SELECT seq, body ->> 'slot_id' slot_id, body ->> 'version' version,
             type = 'secret_slot_deleted' deleted
           FROM journal
           WHERE type IN ('secret_slot_set', 'secret_slot_deleted') AND json_valid(body)
           UNION ALL
           SELECT seq, slot.value ->> 'slot_id', slot.value ->> 'version', 0
           FROM journal, json_each(CASE WHEN json_valid(body) THEN body -> 'slots' END) slot
           WHERE journal.type = 'secrets_rekeyed')
         GROUP BY slot_id)
       SELECT coalesce(told.slot_id, kept.slot_id) slotId
       FROM told FULL JOIN secret_slots kept ON kept.slot_id = told.slot_id
       WHERE told.version IS NOT kept.version
         OR told.deleted IS NOT (kept.nonce IS NULL OR kept.ciphertext IS NULL)
       ORDER BY slotId`,
    )
    .all();
  for (const { slotId } of wrong)
    find('slot', slotId, 'the row is not what the journal says of it');
}

/** The table of revisions has what the journal says of each. */
function checkRevisions(db: Database.Database, find: Find): void {
  const told = db
    .prepare<[], { seq: number; body: string }>(
      `SELECT seq, body FROM journal WHERE type = 'runtime_configured' ORDER BY seq`,
    )
    .all()
    .map(({ seq, body }) => {
      const event = parsed(body) as RecordedEvent & { type: 'runtime_configured' };
      return { seq, body: runtimeRevisionOf(event, event.at_ms) };
    });
  const kept = db
    .prepare<[], { seq: number; body: string }>(
      'SELECT seq, body FROM runtime_revisions ORDER BY revision',
    )
    .all()
    .map(({ seq, body }) => ({ seq, body: parsed(body) }));
  if (!isDeepStrictEqual(told, kept)) {
    find('runtime', 'runtime_revisions', 'the rows are not what the journal makes of them');
  }
}

/** Of the journal and of the tables: a session that stands in only one of them is a finding. */
function sessionIds(db: Database.Database): string[] {
  return db
    .prepare<[], { id: string }>(
      `SELECT session_id id FROM journal WHERE session_id IS NOT NULL
       UNION SELECT session_id FROM sessions UNION SELECT session_id FROM runs
       UNION SELECT session_id FROM session_tasks UNION SELECT session_id FROM messages UNION SELECT session_id FROM blobs ORDER BY id`,
    )
    .all()
    .map((row) => row.id);
}

function compare(
  db: Database.Database,
  sessionId: string,
  replayed: ReplayedSession,
  find: Find,
): void {
  const session = db
    .prepare<[string], { state: string; seq: number; status: string }>(
      'SELECT state, seq, status FROM sessions WHERE session_id = ?',
    )
    .get(sessionId);
  if (
    session === undefined ||
    session.seq !== replayed.session.seq ||
    session.status !== replayed.session.state.status ||
    !isDeepStrictEqual(parsed(session.state), replayed.session.state)
  ) {
    find('session', sessionId, 'the row is not what the journal makes of it');
  }
  compareLedger(db, replayed, find);
  compareRuns(db, sessionId, replayed, find);
  compareTasks(db, sessionId, replayed, find);
  const messages = db
    .prepare<[string], { idx: number; seq: number; run_id: string; body: string }>(
      'SELECT idx, seq, run_id, body FROM messages WHERE session_id = ? ORDER BY idx',
    )
    .all(sessionId)
    .map((row) => ({ ...row, body: parsed(row.body) }));
  if (!isDeepStrictEqual(messages, replayed.messages)) {
    find('transcript', sessionId, 'the messages are not what the journal makes of them');
  }
  compareBlobs(db, sessionId, replayed, find);
}

/** Undefined, and so unlike anything that was stored, where it is not JSON any more. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function compareBlobs(
  db: Database.Database,
  sessionId: string,
  replayed: ReplayedSession,
  find: Find,
): void {
  const rows = db
    .prepare<[string], { digest: string }>('SELECT digest FROM blobs WHERE session_id = ?')
    .all(sessionId);
  const kept = new Set(rows.map((row) => row.digest));
  for (const digest of replayed.blobs) {
    if (kept.has(digest)) continue;
    find('blob', digest, `session ${sessionId} refers to it, and has no row of it`);
  }
  for (const digest of kept) {
    if (replayed.blobs.has(digest)) continue;
    find('blob', digest, `session ${sessionId} has a row of it, and does not refer to it`);
  }
}

function compareRuns(
  db: Database.Database,
  sessionId: string,
  replayed: ReplayedSession,
  find: Find,
): void {
  const rows = db
    .prepare<
      [string],
      {
        run_id: string;
        first_seq: number;
        seq: number;
        status: string;
        route_id: string;
        pending: number;
        state: string;
      }
    >(
      `SELECT run_id, first_seq, seq, status, route_id, pending, state FROM runs
       WHERE session_id = ? ORDER BY first_seq`,
    )
    .all(sessionId);
  for (const row of rows) {
    const expected = replayed.runs.get(row.run_id);
    replayed.runs.delete(row.run_id);
    if (
      expected === undefined ||
      row.first_seq !== expected.firstSeq ||
      row.seq !== expected.seq ||
      row.status !== expected.state.status ||
      row.route_id !== expected.state.route.route_id ||
      row.pending !== openRequests(expected.state) ||
      !isDeepStrictEqual(parsed(row.state), expected.state)
    ) {
      find('run', row.run_id, 'the row is not what the journal makes of it');
    }
  }
  for (const runId of replayed.runs.keys()) find('run', runId, 'the row is missing');
}

function compareTasks(
  db: Database.Database,
  sessionId: string,
  replayed: ReplayedSession,
  find: Find,
): void {
  const rows = db
    .prepare<
      [string],
      {
        task_id: string;
        first_seq: number;
        seq: number;
        kind: string;
        status: string;
        state: string;
      }
    >(
      `SELECT task_id, first_seq, seq, kind, status, state FROM session_tasks
       WHERE session_id = ? ORDER BY first_seq`,
    )
    .all(sessionId);
  for (const row of rows) {
    const expected = replayed.tasks.get(row.task_id);
    replayed.tasks.delete(row.task_id);
    const { firstSeq, seq, state } = expected ?? {};
    const told = [firstSeq, seq, state?.kind, state?.status, state];
    const kept = [row.first_seq, row.seq, row.kind, row.status, parsed(row.state)];
    if (isDeepStrictEqual(told, kept)) continue;
    find('task', row.task_id, 'the row is not what the journal makes of it');
  }
  for (const taskId of replayed.tasks.keys()) find('task', taskId, 'the row is missing');
}

async function checkBlobs(db: Database.Database, blobs: BlobStore, find: Find): Promise<void> {
  const rows = db.prepare<[], { digest: string; bytes: number; data: Buffer | null }>(
    'SELECT digest, bytes, data FROM blobs',
  );
  for (const { digest, bytes, data } of rows.iterate()) {
    const content = data ?? (await blobs.readFile(digest).catch(() => undefined));
    if (content === undefined) {
      // A session may have been erased since the snapshot, and its files with it.
      if (blobs.isFileInUse(digest)) find('blob', digest, 'its file is missing');
      continue;
    }
    const actual = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    if (actual !== digest || content.length !== bytes) {
      find('blob', digest, 'its content has another digest');
    }
  }
}
