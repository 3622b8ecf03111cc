import type { Database, Statement } from 'better-sqlite3';
import type {
  idempotency,
  journal,
  messages,
  runs,
  secretSlots,
  sessions,
} from '../schema/tables.ts';

type Row<T extends { $inferSelect: unknown }> = T['$inferSelect'];
export type JournalRow = Row<typeof journal>;
export type SessionRow = Row<typeof sessions>;
export type RunRow = Row<typeof runs>;
export type MessageRow = Row<typeof messages>;
export type SlotRow = Row<typeof secretSlots>;
export type IdempotencyRow = Row<typeof idempotency>;

const slotColumns = `slot_id slotId, provider, mode, summary, version, updated_at_ms updatedAtMs,
  key_id keyId, nonce, ciphertext`;

/** The statements of the hot path, prepared once. */
export function prepareStatements(db: Database) {
  return {
    begin: db.prepare<[]>('BEGIN IMMEDIATE'),
    commit: db.prepare<[]>('COMMIT'),
    rollback: db.prepare<[]>('ROLLBACK'),
    savepoint: db.prepare<[]>('SAVEPOINT member'),
    release: db.prepare<[]>('RELEASE member'),
    rollbackMember: db.prepare<[]>('ROLLBACK TO member'),

    session: db.prepare<[string], { state: string; seq: number }>(
      'SELECT state, seq FROM sessions WHERE session_id = ?',
    ),
    run: db.prepare<[string], { state: string; firstSeq: number }>(
      'SELECT state, first_seq firstSeq FROM runs WHERE run_id = ?',
    ),
    runsOfSession: db.prepare<[string], { state: string; firstSeq: number; seq: number }>(
      'SELECT state, first_seq firstSeq, seq FROM runs WHERE session_id = ? ORDER BY first_seq',
    ),
    running: db.prepare<[], { routeId: string; count: number }>(
      `SELECT route_id routeId, count(*) count FROM runs
       WHERE status = 'running' AND status IN ('queued', 'running') GROUP BY route_id`,
    ),
    slot: db.prepare<[string], SlotRow>(
      `SELECT ${slotColumns} FROM secret_slots WHERE slot_id = ?`,
    ),
    slots: db.prepare<[], SlotRow>(
      `SELECT ${slotColumns} FROM secret_slots WHERE ciphertext IS NOT NULL ORDER BY slot_id`,
    ),
    idempotency: db.prepare<[string, string], IdempotencyRow>(
      `SELECT scope, key_digest keyDigest, fingerprint, session_id sessionId, status, body,
       expires_at_ms expiresAtMs FROM idempotency WHERE scope = ? AND key_digest = ?`,
    ),

    appendEvent: db.prepare<[number, string | null, string | null, string, string]>(
      'INSERT INTO journal (seq, session_id, run_id, type, body) VALUES (?, ?, ?, ?, ?)',
    ),
    appendMessage: db.prepare<[string, number, number, string, string]>(
      'INSERT INTO messages (session_id, idx, seq, run_id, body) VALUES (?, ?, ?, ?, ?)',
    ),
    insertSession: db.prepare<[string, number, string, string]>(
      'INSERT INTO sessions (session_id, seq, status, state) VALUES (?, ?, ?, ?)',
    ),
    updateSession: db.prepare<[number, string, string, string]>(
      'UPDATE sessions SET seq = ?, status = ?, state = ? WHERE session_id = ?',
    ),
    insertRun: db.prepare<[number, string, string, number, string, string, string]>(
      `INSERT INTO runs (first_seq, run_id, session_id, seq, status, route_id, state)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    updateRun: db.prepare<[number, string, string, number]>(
      'UPDATE runs SET seq = ?, status = ?, state = ? WHERE first_seq = ?',
    ),
    putSlot: db.prepare<
      [string, string, string, string, number, number, string, Uint8Array, Uint8Array]
    >(
      `INSERT OR REPLACE INTO secret_slots
       (slot_id, provider, mode, summary, version, updated_at_ms, key_id, nonce, ciphertext)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    eraseSlot: db.prepare<[number, number, string]>(
      `UPDATE secret_slots SET version = ?, updated_at_ms = ?, summary = '', nonce = NULL,
       ciphertext = NULL WHERE slot_id = ?`,
    ),
    putIdempotency: db.prepare<[string, string, string, string | null, number, string, number]>(
      `INSERT OR REPLACE INTO idempotency
       (scope, key_digest, fingerprint, session_id, status, body, expires_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ),
    pruneIdempotency: db.prepare<[number]>(
      `DELETE FROM idempotency WHERE rowid IN
       (SELECT rowid FROM idempotency WHERE expires_at_ms < ? LIMIT 1000)`,
    ),
    putBlob: db.prepare<[string, string, number, Uint8Array | null]>(
      'INSERT OR IGNORE INTO blobs (digest, session_id, bytes, data) VALUES (?, ?, ?, ?)',
    ),

    startIncarnation: db.prepare<[number, string, number]>(
      'INSERT INTO incarnations (incarnation, version, started_at_ms) VALUES (?, ?, ?)',
    ),
    stopIncarnation: db.prepare<[number, number]>(
      'UPDATE incarnations SET stopped_at_ms = ? WHERE incarnation = ?',
    ),
    lastIncarnation: db.prepare<[], { incarnation: number; stoppedAtMs: number | null }>(
      `SELECT incarnation, stopped_at_ms stoppedAtMs FROM incarnations
       ORDER BY incarnation DESC LIMIT 1`,
    ),

    eventsOfSession: db.prepare<[string], { seq: number; body: string }>(
      'SELECT seq, body FROM journal WHERE session_id = ?',
    ),
    rewriteEvent: db.prepare<[string, number]>('UPDATE journal SET body = ? WHERE seq = ?'),
    deleteMessages: db.prepare<[string]>('DELETE FROM messages WHERE session_id = ?'),
    deleteAnswers: db.prepare<[string]>('DELETE FROM idempotency WHERE session_id = ?'),
    deleteBlobs: db.prepare<[string]>('DELETE FROM blobs WHERE session_id = ?'),
    headSeq: db.prepare<[], { seq: number | null }>('SELECT max(seq) seq FROM journal'),
  } satisfies Record<string, Statement<never[]> | Statement>;
}

export type Statements = ReturnType<typeof prepareStatements>;
