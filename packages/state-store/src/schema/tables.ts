import { sql } from 'drizzle-orm';
import {
  blob,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core';
import { LIVE_SHELL, UNFINISHED } from './unfinished.ts';

/** Everything that happened, in one order. `body` is the event as streams send it. */
export const journal = sqliteTable(
  'journal',
  {
    seq: integer('seq').primaryKey(),
    sessionId: text('session_id'),
    runId: text('run_id'),
    type: text('type').notNull(),
    body: text('body').notNull(),
  },
  (t) => [
    index('journal_of_session')
      .on(t.sessionId, t.seq)
      .where(sql`session_id IS NOT NULL`),
  ],
);

/** Derived. `seq` is the last event that changed the row: its version. */
export const sessions = sqliteTable(
  'sessions',
  {
    sessionId: text('session_id').primaryKey(),
    seq: integer('seq').notNull(),
    status: text('status').notNull(),
    state: text('state').notNull(),
  },
  (t) => [
    index('sessions_listed')
      .on(t.sessionId)
      .where(sql`status <> 'deleted'`),
  ],
);

/** Derived. `first_seq` is the event that accepted the run. */
export const runs = sqliteTable(
  'runs',
  {
    firstSeq: integer('first_seq').primaryKey(),
    runId: text('run_id').notNull(),
    sessionId: text('session_id').notNull(),
    seq: integer('seq').notNull(),
    status: text('status').notNull(),
    routeId: text('route_id').notNull(),
    state: text('state').notNull(),
    /** Approvals and questions that are open. */
    pending: integer('pending').notNull().default(0),
  },
  (t) => [
    uniqueIndex('runs_by_id').on(t.runId),
    index('runs_of_session').on(t.sessionId, t.firstSeq),
    index('runs_unfinished').on(t.status, t.routeId).where(sql.raw(UNFINISHED)),
    index('runs_asking')
      .on(t.firstSeq)
      .where(sql`pending > 0`),
  ],
);

/** Derived: what sessions have to do, and what runs for them. `first_seq` is the event that created the task. */
export const sessionTasks = sqliteTable(
  'session_tasks',
  {
    firstSeq: integer('first_seq').primaryKey(),
    taskId: text('task_id').notNull(),
    sessionId: text('session_id').notNull(),
    seq: integer('seq').notNull(),
    kind: text('kind').notNull(),
    status: text('status').notNull(),
    state: text('state').notNull(),
  },
  (t) => [
    uniqueIndex('session_tasks_by_id').on(t.taskId),
    index('session_tasks_of_session').on(t.sessionId, t.firstSeq),
    index('session_tasks_by_status').on(t.sessionId, t.status, t.firstSeq),
    index('session_tasks_live').on(t.firstSeq).where(sql.raw(LIVE_SHELL)),
  ],
);

/** Derived: every state of the configuration, from revision 1 on. */
export const runtimeRevisions = sqliteTable('runtime_revisions', {
  revision: integer('revision').primaryKey(),
  seq: integer('seq').notNull(),
  body: text('body').notNull(),
});

/** Derived: what a UTC day's model calls spent, and what is put aside for those under way. */
export const daySpending = sqliteTable('day_spending', {
  utcDay: text('utc_day').primaryKey(),
  spentTokens: integer('spent_tokens').notNull(),
  spentUsdMicros: integer('spent_usd_micros').notNull(),
  reservedTokens: integer('reserved_tokens').notNull(),
  reservedUsdMicros: integer('reserved_usd_micros').notNull(),
});

/** Derived: how many sessions and runs are in each state, so that nobody has to count them. */
export const tallies = sqliteTable(
  'tallies',
  {
    /** `session` or `run`. */
    kind: text('kind').notNull(),
    status: text('status').notNull(),
    count: integer('count').notNull(),
  },
  (t) => [primaryKey({ columns: [t.kind, t.status] })],
);

/** Derived: the transcripts. */
export const messages = sqliteTable(
  'messages',
  {
    sessionId: text('session_id').notNull(),
    idx: integer('idx').notNull(),
    seq: integer('seq').notNull(),
    runId: text('run_id').notNull(),
    body: text('body').notNull(),
  },
  (t) => [primaryKey({ columns: [t.sessionId, t.idx] })],
);

/** Long texts by digest, kept per session so that erasing one session takes its own. `data` null: in `assets/`. */
export const blobs = sqliteTable(
  'blobs',
  {
    digest: text('digest').notNull(),
    sessionId: text('session_id').notNull(),
    bytes: integer('bytes').notNull(),
    data: blob('data', { mode: 'buffer' }),
  },
  (t) => [
    primaryKey({ columns: [t.digest, t.sessionId] }),
    index('blobs_of_session').on(t.sessionId),
  ],
);

/** Sealed. A deleted slot keeps its version and loses its value. */
export const secretSlots = sqliteTable('secret_slots', {
  slotId: text('slot_id').primaryKey(),
  provider: text('provider').notNull(),
  mode: text('mode').notNull(),
  summary: text('summary').notNull(),
  version: integer('version').notNull(),
  updatedAtMs: integer('updated_at_ms').notNull(),
  keyId: text('key_id').notNull(),
  nonce: blob('nonce', { mode: 'buffer' }),
  ciphertext: blob('ciphertext', { mode: 'buffer' }),
  /** JSON of what is not secret; sealed together with the value. */
  details: text('details'),
});

/** Sealed. A revoked token keeps its row and loses its digest. */
export const apiTokens = sqliteTable('api_tokens', {
  tokenId: text('token_id').primaryKey(),
  name: text('name').notNull(),
  role: text('role').notNull(),
  digest: text('digest'),
  createdAtMs: integer('created_at_ms').notNull(),
  createdBy: text('created_by').notNull(),
  expiresAtMs: integer('expires_at_ms'),
  revokedAtMs: integer('revoked_at_ms'),
});

/** Operational: who was not let in. The oldest make room. */
export const authFailures = sqliteTable('auth_failures', {
  failureId: integer('failure_id').primaryKey(),
  body: text('body').notNull(),
});

/**
 * Operational: the record of external actions. The last entry of each commit carries the signature that all of that
 * commit share.
 */
export const ledgerEntries = sqliteTable(
  'ledger_entries',
  {
    idx: integer('idx').primaryKey(),
    chain: text('chain').notNull(),
    body: text('body').notNull(),
    recordHash: blob('record_hash', { mode: 'buffer' }).notNull(),
    keyId: text('key_id'),
    signature: blob('signature', { mode: 'buffer' }),
  },
  (t) => [index('ledger_entries_of_chain').on(t.chain)],
);

/** Operational: signed statements of what the ledger was. */
export const ledgerCheckpoints = sqliteTable('ledger_checkpoints', {
  treeSize: integer('tree_size').primaryKey(),
  body: text('body').notNull(),
  keyId: text('key_id').notNull(),
  signature: blob('signature', { mode: 'buffer' }).notNull(),
});

/** Operational: roots of whole subtrees of the ledger's Merkle tree. */
export const ledgerSubtrees = sqliteTable(
  'ledger_subtrees',
  {
    level: integer('level').notNull(),
    idx: integer('idx').notNull(),
    hash: blob('hash', { mode: 'buffer' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.level, t.idx] })],
);

/** Derived: subjects that were ever revoked. */
export const authSubjects = sqliteTable('auth_subjects', {
  subjectId: text('subject_id').primaryKey(),
  epoch: integer('epoch').notNull(),
  revoked: integer('revoked').notNull(),
});

/** Derived: slots that were ever revoked, with the version that was; a later one is lent again. */
export const revokedSlots = sqliteTable('revoked_slots', {
  slotId: text('slot_id').primaryKey(),
  version: integer('version').notNull(),
});

/** Operational: what is lent to whom, in order of issue. Each new lease takes expired ones out. */
export const credentialLeases = sqliteTable(
  'credential_leases',
  {
    issued: integer('issued').primaryKey(),
    leaseId: text('lease_id').notNull(),
    grantId: text('grant_id').notNull(),
    subjectId: text('subject_id').notNull(),
    slotId: text('slot_id'),
    expiresAtMs: integer('expires_at_ms').notNull(),
    revoked: integer('revoked').notNull().default(0),
    body: text('body').notNull(),
  },
  (t) => [
    uniqueIndex('credential_leases_by_id').on(t.leaseId),
    index('credential_leases_of_grant').on(t.grantId, t.issued),
  ],
);

/** Operational: answers given under an idempotency key, with the session they speak of. */
export const idempotency = sqliteTable(
  'idempotency',
  {
    scope: text('scope').notNull(),
    keyDigest: text('key_digest').notNull(),
    fingerprint: text('fingerprint').notNull(),
    sessionId: text('session_id'),
    status: integer('status').notNull(),
    body: text('body').notNull(),
    expiresAtMs: integer('expires_at_ms').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.scope, t.keyDigest] }),
    index('idempotency_by_expiry').on(t.expiresAtMs),
    index('idempotency_of_session').on(t.sessionId),
  ],
);

/** Operational: the starts of the daemon on this root. `stopped_at_ms` null: it did not leave in order. */
export const incarnations = sqliteTable('incarnations', {
  incarnation: integer('incarnation').primaryKey(),
  version: text('version').notNull(),
  startedAtMs: integer('started_at_ms').notNull(),
  stoppedAtMs: integer('stopped_at_ms'),
});

/** Operational: facts about the root itself. */
export const rootFacts = sqliteTable('root_facts', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
});
