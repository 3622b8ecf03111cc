import type { Connection, Prepared } from '../root/connection.ts';
import type {
  apiTokens,
  credentialLeases,
  daySpending,
  idempotency,
  secretSlots,
} from '../schema/tables.ts';
import { UNFINISHED } from '../schema/unfinished.ts';

type Row<T extends { $inferSelect: unknown }> = T['$inferSelect'];
export type SlotRow = Row<typeof secretSlots>;
export type SpendingRow = Omit<Row<typeof daySpending>, 'utcDay'>;
export type TokenRow = Row<typeof apiTokens>;
export type LeaseRow = Pick<Row<typeof credentialLeases>, 'body' | 'revoked'>;
type IdempotencyRow = Row<typeof idempotency>;

const slotColumns = `slot_id slotId, provider, mode, summary, version, updated_at_ms updatedAtMs,
  key_id keyId, nonce, ciphertext, details`;

const tokenColumns = `token_id tokenId, name, role, digest, created_at_ms createdAtMs,
  created_by createdBy, expires_at_ms expiresAtMs, revoked_at_ms revokedAtMs`;

type Prepare = Connection['prepare'];
type PrepareRead = <P extends unknown[], R = unknown>(sql: string) => Omit<Prepared<P, R>, 'run'>;

/** The statements of a commit, prepared once. */
export function prepareStatements({ prepare }: Connection) {
  return {
    ...transactions(prepare),
    ...loads(prepare),
    ...appends(prepare),
    ...access(prepare),
    ...slots(prepare),
    ...tasks(prepare),
    ...authority(prepare),
    ...erasures(prepare),
    ...prunings(prepare),
  };
}

export type Statements = ReturnType<typeof prepareStatements>;

function transactions(prepare: Prepare) {
  return {
    begin: prepare<[]>('BEGIN IMMEDIATE'),
    commit: prepare<[]>('COMMIT'),
    rollback: prepare<[]>('ROLLBACK'),
    savepoint: prepare<[]>('SAVEPOINT member'),
    release: prepare<[]>('RELEASE member'),
    rollbackMember: prepare<[]>('ROLLBACK TO member'),
  };
}

function authorityLoads(prepare: PrepareRead) {
  return {
    authSubject: prepare<[string], { epoch: number; revoked: number }>(
      'SELECT epoch, revoked FROM auth_subjects WHERE subject_id = ?',
    ),
    slotVersion: prepare<[string], { version: number; holds: number }>(
      'SELECT version, ciphertext IS NOT NULL holds FROM secret_slots WHERE slot_id = ?',
    ),
    revokedSlot: prepare<[string], { version: number }>(
      'SELECT version FROM revoked_slots WHERE slot_id = ?',
    ),
    lease: prepare<[string], LeaseRow>(
      'SELECT body, revoked FROM credential_leases WHERE lease_id = ?',
    ),
    newestLease: prepare<[string], LeaseRow>(
      `SELECT body, revoked FROM credential_leases WHERE grant_id = ?
       ORDER BY issued DESC LIMIT 1`,
    ),
    leasesOfSubject: prepare<[string], LeaseRow>(
      'SELECT body, revoked FROM credential_leases WHERE subject_id = ? ORDER BY issued',
    ),
    leasesOfSlot: prepare<[string], LeaseRow>(
      'SELECT body, revoked FROM credential_leases WHERE slot_id = ? ORDER BY issued',
    ),
  };
}

/** What a decision is given, and readers too. */
export function loads(prepare: PrepareRead) {
  return {
    session: prepare<[string], { state: string; seq: number }>(
      'SELECT state, seq FROM sessions WHERE session_id = ?',
    ),
    run: prepare<[string], { state: string; firstSeq: number }>(
      'SELECT state, first_seq firstSeq FROM runs WHERE run_id = ?',
    ),
    runsOfSession: prepare<[string], { state: string; firstSeq: number; seq: number }>(
      'SELECT state, first_seq firstSeq, seq FROM runs WHERE session_id = ? ORDER BY first_seq',
    ),
    running: prepare<[], { routeId: string; count: number }>(
      `SELECT route_id routeId, count(*) count FROM runs
       WHERE status = 'running' AND ${UNFINISHED} GROUP BY route_id`,
    ),
    task: prepare<[string], { state: string; firstSeq: number }>(
      'SELECT state, first_seq firstSeq FROM session_tasks WHERE task_id = ?',
    ),
    openTasks: prepare<[string], { state: string; firstSeq: number }>(
      `SELECT state, first_seq firstSeq FROM session_tasks
       WHERE session_id = ? AND status IN ('pending', 'in_progress', 'blocked') ORDER BY first_seq`,
    ),
    slot: prepare<[string], SlotRow>(`SELECT ${slotColumns} FROM secret_slots WHERE slot_id = ?`),
    slots: prepare<[], SlotRow>(
      `SELECT ${slotColumns} FROM secret_slots WHERE ciphertext IS NOT NULL ORDER BY slot_id`,
    ),
    token: prepare<[string], TokenRow>(`SELECT ${tokenColumns} FROM api_tokens WHERE token_id = ?`),
    tokens: prepare<[string, number], TokenRow>(
      `SELECT ${tokenColumns} FROM api_tokens WHERE token_id > ? ORDER BY token_id LIMIT ?`,
    ),
    anyToken: prepare<[], { one: number }>('SELECT 1 one FROM api_tokens LIMIT 1'),
    activeTokens: prepare<[number], { role: string; count: number }>(
      `SELECT role, count(*) count FROM api_tokens WHERE digest IS NOT NULL
       AND (expires_at_ms IS NULL OR expires_at_ms > ?) GROUP BY role`,
    ),
    authFailures: prepare<[number, number], { failureId: number; body: string }>(
      `SELECT failure_id failureId, body FROM auth_failures WHERE failure_id < ?
       ORDER BY failure_id DESC LIMIT ?`,
    ),
    ...authorityLoads(prepare),
    idempotency: prepare<[string, string], IdempotencyRow>(
      `SELECT scope, key_digest keyDigest, fingerprint, session_id sessionId, status, body,
       expires_at_ms expiresAtMs FROM idempotency WHERE scope = ? AND key_digest = ?`,
    ),
    lastIncarnation: prepare<[], { incarnation: number; stoppedAtMs: number | null }>(
      `SELECT incarnation, stopped_at_ms stoppedAtMs FROM incarnations
       ORDER BY incarnation DESC LIMIT 1`,
    ),
    revision: prepare<[number], { body: string }>(
      'SELECT body FROM runtime_revisions WHERE revision = ?',
    ),
    lastRevision: prepare<[], { body: string }>(
      'SELECT body FROM runtime_revisions ORDER BY revision DESC LIMIT 1',
    ),
    daySpending: prepare<[string], SpendingRow>(
      `SELECT spent_tokens spentTokens, spent_usd_micros spentUsdMicros,
       reserved_tokens reservedTokens, reserved_usd_micros reservedUsdMicros
       FROM day_spending WHERE utc_day = ?`,
    ),
    restoredFrom: prepare<[], { value: string }>(
      `SELECT value FROM root_facts WHERE name = 'restored_from'`,
    ),
    headSeq: prepare<[], { seq: number | null }>('SELECT max(seq) seq FROM journal'),
  };
}

/** Most updates leave a status as it is, and then the indexes that follow it. */
function appends(prepare: Prepare) {
  return {
    appendEvent: prepare<[number, string | null, string | null, string, string]>(
      'INSERT INTO journal (seq, session_id, run_id, type, body) VALUES (?, ?, ?, ?, ?)',
    ),
    appendMessage: prepare<[string, number, number, string, string]>(
      'INSERT INTO messages (session_id, idx, seq, run_id, body) VALUES (?, ?, ?, ?, ?)',
    ),
    insertSession: prepare<[string, number, string, string]>(
      'INSERT INTO sessions (session_id, seq, status, state) VALUES (?, ?, ?, ?)',
    ),
    updateSession: prepare<[number, string, string]>(
      'UPDATE sessions SET seq = ?, state = ? WHERE session_id = ?',
    ),
    updateSessionAndStatus: prepare<[number, string, string, string]>(
      'UPDATE sessions SET seq = ?, status = ?, state = ? WHERE session_id = ?',
    ),
    insertRun: prepare<[number, string, string, number, string, string, string]>(
      `INSERT INTO runs (first_seq, run_id, session_id, seq, status, route_id, state)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    updateRun: prepare<[number, string, number]>(
      'UPDATE runs SET seq = ?, state = ? WHERE first_seq = ?',
    ),
    updateRunAndStatus: prepare<[number, string, string, number]>(
      'UPDATE runs SET seq = ?, status = ?, state = ? WHERE first_seq = ?',
    ),
    updateAsking: prepare<[number, number]>('UPDATE runs SET pending = ? WHERE first_seq = ?'),
    putRevision: prepare<[number, number, string]>(
      'INSERT INTO runtime_revisions (revision, seq, body) VALUES (?, ?, ?)',
    ),
    addToDay: prepare<[string, number, number, number, number]>(
      `INSERT INTO day_spending
       (utc_day, spent_tokens, spent_usd_micros, reserved_tokens, reserved_usd_micros)
       VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       spent_tokens = spent_tokens + excluded.spent_tokens,
       spent_usd_micros = spent_usd_micros + excluded.spent_usd_micros,
       reserved_tokens = reserved_tokens + excluded.reserved_tokens,
       reserved_usd_micros = reserved_usd_micros + excluded.reserved_usd_micros`,
    ),
    addToTally: prepare<[string, string, number]>(
      `INSERT INTO tallies (kind, status, count) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET count = count + excluded.count`,
    ),
    putIdempotency: prepare<[string, string, string, string | null, number, string, number]>(
      `INSERT OR REPLACE INTO idempotency
       (scope, key_digest, fingerprint, session_id, status, body, expires_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    pruneIdempotency: prepare<[number]>(
      `DELETE FROM idempotency WHERE rowid IN
       (SELECT rowid FROM idempotency WHERE expires_at_ms < ? LIMIT 1000)`,
    ),
    putBlob: prepare<[string, string, number, Uint8Array | null]>(
      'INSERT OR IGNORE INTO blobs (digest, session_id, bytes, data) VALUES (?, ?, ?, ?)',
    ),

    startIncarnation: prepare<[number, string, number]>(
      'INSERT INTO incarnations (incarnation, version, started_at_ms) VALUES (?, ?, ?)',
    ),
    stopIncarnation: prepare<[number, number]>(
      'UPDATE incarnations SET stopped_at_ms = ? WHERE incarnation = ?',
    ),
  };
}

function access(prepare: Prepare) {
  return {
    putToken: prepare<
      [string, string, string, string | null, number, string, number | null, number | null]
    >(
      `INSERT OR REPLACE INTO api_tokens
       (token_id, name, role, digest, created_at_ms, created_by, expires_at_ms, revoked_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    noteAuthFailure: prepare<[string]>('INSERT INTO auth_failures (body) VALUES (?)'),
    pruneAuthFailures: prepare<[number]>(
      `DELETE FROM auth_failures WHERE failure_id <=
       (SELECT max(failure_id) FROM auth_failures) - ?`,
    ),
  };
}

function tasks(prepare: Prepare) {
  return {
    insertTask: prepare<[number, string, string, number, string, string, string]>(
      `INSERT INTO session_tasks (first_seq, task_id, session_id, seq, kind, status, state)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    updateTask: prepare<[number, string, string, number]>(
      'UPDATE session_tasks SET seq = ?, status = ?, state = ? WHERE first_seq = ?',
    ),
    deleteTask: prepare<[number]>('DELETE FROM session_tasks WHERE first_seq = ?'),
  };
}

function authority(prepare: Prepare) {
  return {
    putAuthSubject: prepare<[string, number, number]>(
      'INSERT OR REPLACE INTO auth_subjects (subject_id, epoch, revoked) VALUES (?, ?, ?)',
    ),
    putRevokedSlot: prepare<[string, number]>(
      'INSERT OR REPLACE INTO revoked_slots (slot_id, version) VALUES (?, ?)',
    ),
    insertLease: prepare<[string, string, string, string | null, number, string]>(
      `INSERT INTO credential_leases (lease_id, grant_id, subject_id, slot_id, expires_at_ms, body)
       VALUES (?, ?, ?, ?, ?, ?)`,
    ),
    revokeLease: prepare<[string]>('UPDATE credential_leases SET revoked = 1 WHERE lease_id = ?'),
    // Those of one length expire in order of issue, so that the oldest are the ones to look at.
    pruneLeases: prepare<[number, number]>(
      `DELETE FROM credential_leases WHERE expires_at_ms < ? AND issued IN
       (SELECT issued FROM credential_leases WHERE revoked = 0 ORDER BY issued LIMIT ?)`,
    ),
    pruneRevokedLeases: prepare<[number]>(
      'DELETE FROM credential_leases WHERE revoked = 1 AND expires_at_ms < ?',
    ),
  };
}

function slots(prepare: Prepare) {
  return {
    putSlot: prepare<
      [
        string,
        string,
        string,
        string,
        number,
        number,
        string,
        Uint8Array,
        Uint8Array,
        string | null,
      ]
    >(
      `INSERT OR REPLACE INTO secret_slots
       (slot_id, provider, mode, summary, version, updated_at_ms, key_id, nonce, ciphertext, details)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    putFact: prepare<[string, string]>(
      'INSERT OR REPLACE INTO root_facts (name, value) VALUES (?, ?)',
    ),
    eraseSlot: prepare<[number, number, string]>(
      `UPDATE secret_slots SET version = ?, updated_at_ms = ?, summary = '', nonce = NULL,
       ciphertext = NULL, details = NULL WHERE slot_id = ?`,
    ),
  };
}

function erasures(prepare: Prepare) {
  return {
    eventsOfSession: prepare<[string], { seq: number; body: string }>(
      'SELECT seq, body FROM journal WHERE session_id = ?',
    ),
    tasksOfSession: prepare<[string], { state: string; firstSeq: number; seq: number }>(
      'SELECT state, first_seq firstSeq, seq FROM session_tasks WHERE session_id = ?',
    ),
    rewriteEvent: prepare<[string, number]>('UPDATE journal SET body = ? WHERE seq = ?'),
    deleteMessages: prepare<[string]>('DELETE FROM messages WHERE session_id = ?'),
    deleteAnswers: prepare<[string]>('DELETE FROM idempotency WHERE session_id = ?'),
    deleteBlobs: prepare<[string]>('DELETE FROM blobs WHERE session_id = ?'),
  };
}

function prunings(prepare: Prepare) {
  const statuses = (table: string) =>
    prepare<[string], { status: string; n: number }>(
      `SELECT status, count(*) n FROM ${table} WHERE session_id = ? GROUP BY status`,
    );
  const tables = [
    'messages',
    'blobs',
    'session_tasks',
    'runs',
    'sessions',
    'idempotency',
    'journal',
  ];
  return {
    statusesOf: {
      session: statuses('sessions'),
      run: statuses('runs'),
      task: statuses('session_tasks'),
    },
    removals: tables.map((table) =>
      prepare<[string]>(`DELETE FROM ${table} WHERE session_id = ? AND session_id IS NOT NULL`),
    ),
    putFloor: prepare<[string]>(
      `INSERT OR REPLACE INTO root_facts (name, value) VALUES ('journal_floor', ?)`,
    ),
  };
}
