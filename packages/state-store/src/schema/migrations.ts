/**
 * The SQL of migrations/, written by `pnpm migrations` in this package. Immutable once released:
 * a schema's version is the number of migrations that made it.
 */
export const migrations: readonly string[] = [
  // 0000_core.sql
  `CREATE TABLE \`blobs\` (
	\`digest\` text NOT NULL,
	\`session_id\` text NOT NULL,
	\`bytes\` integer NOT NULL,
	\`data\` blob,
	PRIMARY KEY(\`digest\`, \`session_id\`)
);
--> statement-breakpoint
CREATE INDEX \`blobs_of_session\` ON \`blobs\` (\`session_id\`);--> statement-breakpoint
CREATE TABLE \`idempotency\` (
	\`scope\` text NOT NULL,
	\`key_digest\` text NOT NULL,
	\`fingerprint\` text NOT NULL,
	\`session_id\` text,
	\`status\` integer NOT NULL,
	\`body\` text NOT NULL,
	\`expires_at_ms\` integer NOT NULL,
	PRIMARY KEY(\`scope\`, \`key_digest\`)
);
--> statement-breakpoint
CREATE INDEX \`idempotency_by_expiry\` ON \`idempotency\` (\`expires_at_ms\`);--> statement-breakpoint
CREATE INDEX \`idempotency_of_session\` ON \`idempotency\` (\`session_id\`);--> statement-breakpoint
CREATE TABLE \`incarnations\` (
	\`incarnation\` integer PRIMARY KEY NOT NULL,
	\`version\` text NOT NULL,
	\`started_at_ms\` integer NOT NULL,
	\`stopped_at_ms\` integer
);
--> statement-breakpoint
CREATE TABLE \`journal\` (
	\`seq\` integer PRIMARY KEY NOT NULL,
	\`session_id\` text,
	\`run_id\` text,
	\`type\` text NOT NULL,
	\`body\` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX \`journal_of_session\` ON \`journal\` (\`session_id\`,\`seq\`) WHERE session_id IS NOT NULL;--> statement-breakpoint
CREATE TABLE \`messages\` (
	\`session_id\` text NOT NULL,
	\`idx\` integer NOT NULL,
	\`seq\` integer NOT NULL,
	\`run_id\` text NOT NULL,
	\`body\` text NOT NULL,
	PRIMARY KEY(\`session_id\`, \`idx\`)
);
--> statement-breakpoint
CREATE TABLE \`root_facts\` (
	\`name\` text PRIMARY KEY NOT NULL,
	\`value\` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE \`runs\` (
	\`first_seq\` integer PRIMARY KEY NOT NULL,
	\`run_id\` text NOT NULL,
	\`session_id\` text NOT NULL,
	\`seq\` integer NOT NULL,
	\`status\` text NOT NULL,
	\`route_id\` text NOT NULL,
	\`state\` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`runs_by_id\` ON \`runs\` (\`run_id\`);--> statement-breakpoint
CREATE INDEX \`runs_of_session\` ON \`runs\` (\`session_id\`,\`first_seq\`);--> statement-breakpoint
CREATE INDEX \`runs_unfinished\` ON \`runs\` (\`status\`,\`route_id\`) WHERE status IN ('queued', 'running');--> statement-breakpoint
CREATE TABLE \`secret_slots\` (
	\`slot_id\` text PRIMARY KEY NOT NULL,
	\`provider\` text NOT NULL,
	\`mode\` text NOT NULL,
	\`summary\` text NOT NULL,
	\`version\` integer NOT NULL,
	\`updated_at_ms\` integer NOT NULL,
	\`key_id\` text NOT NULL,
	\`nonce\` blob,
	\`ciphertext\` blob
);
--> statement-breakpoint
CREATE TABLE \`sessions\` (
	\`session_id\` text PRIMARY KEY NOT NULL,
	\`seq\` integer NOT NULL,
	\`status\` text NOT NULL,
	\`state\` text NOT NULL
);`,
  // 0001_tallies.sql
  `CREATE TABLE \`tallies\` (
	\`kind\` text NOT NULL,
	\`status\` text NOT NULL,
	\`count\` integer NOT NULL,
	PRIMARY KEY(\`kind\`, \`status\`)
);
--> statement-breakpoint
INSERT INTO \`tallies\` SELECT 'session', status, count(*) FROM \`sessions\` GROUP BY status;--> statement-breakpoint
INSERT INTO \`tallies\` SELECT 'run', status, count(*) FROM \`runs\` GROUP BY status;`,
  // 0002_sessions_listed.sql
  `CREATE INDEX \`sessions_listed\` ON \`sessions\` (\`session_id\`) WHERE status <> 'deleted';`,
  // 0003_governed.sql
  `CREATE TABLE \`day_spending\` (
	\`utc_day\` text PRIMARY KEY NOT NULL,
	\`spent_tokens\` integer NOT NULL,
	\`spent_usd_micros\` integer NOT NULL,
	\`reserved_tokens\` integer NOT NULL,
	\`reserved_usd_micros\` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE \`runtime_revisions\` (
	\`revision\` integer PRIMARY KEY NOT NULL,
	\`seq\` integer NOT NULL,
	\`body\` text NOT NULL
);
--> statement-breakpoint
DROP INDEX \`runs_unfinished\`;--> statement-breakpoint
ALTER TABLE \`runs\` ADD \`pending\` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX \`runs_asking\` ON \`runs\` (\`first_seq\`) WHERE pending > 0;--> statement-breakpoint
CREATE INDEX \`runs_unfinished\` ON \`runs\` (\`status\`,\`route_id\`) WHERE status NOT IN ('completed', 'failed', 'interrupted', 'cancelled');--> statement-breakpoint
UPDATE \`runs\` SET state = json_set(state, '$.approvals', json('[]'), '$.questions', json('[]')) WHERE json_valid(state);`,
  // 0004_tasks.sql
  `CREATE TABLE \`session_tasks\` (
	\`first_seq\` integer PRIMARY KEY NOT NULL,
	\`task_id\` text NOT NULL,
	\`session_id\` text NOT NULL,
	\`seq\` integer NOT NULL,
	\`kind\` text NOT NULL,
	\`status\` text NOT NULL,
	\`state\` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`session_tasks_by_id\` ON \`session_tasks\` (\`task_id\`);--> statement-breakpoint
CREATE INDEX \`session_tasks_of_session\` ON \`session_tasks\` (\`session_id\`,\`first_seq\`);--> statement-breakpoint
CREATE INDEX \`session_tasks_by_status\` ON \`session_tasks\` (\`session_id\`,\`status\`,\`first_seq\`);--> statement-breakpoint
CREATE INDEX \`session_tasks_live\` ON \`session_tasks\` (\`first_seq\`) WHERE kind = 'shell' AND status IN ('pending', 'in_progress', 'blocked');`,
  // 0005_access.sql
  `CREATE TABLE \`api_tokens\` (
	\`token_id\` text PRIMARY KEY NOT NULL,
	\`name\` text NOT NULL,
	\`role\` text NOT NULL,
	\`digest\` text,
	\`created_at_ms\` integer NOT NULL,
	\`created_by\` text NOT NULL,
	\`expires_at_ms\` integer,
	\`revoked_at_ms\` integer
);
--> statement-breakpoint
CREATE TABLE \`auth_failures\` (
	\`failure_id\` integer PRIMARY KEY NOT NULL,
	\`body\` text NOT NULL
);`,
  // 0006_ledger.sql
  `CREATE TABLE \`ledger_checkpoints\` (
	\`tree_size\` integer PRIMARY KEY NOT NULL,
	\`body\` text NOT NULL,
	\`key_id\` text NOT NULL,
	\`signature\` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE \`ledger_entries\` (
	\`idx\` integer PRIMARY KEY NOT NULL,
	\`chain\` text NOT NULL,
	\`body\` text NOT NULL,
	\`record_hash\` blob NOT NULL,
	\`key_id\` text,
	\`signature\` blob
);
--> statement-breakpoint
CREATE INDEX \`ledger_entries_of_chain\` ON \`ledger_entries\` (\`chain\`);--> statement-breakpoint
CREATE TABLE \`ledger_subtrees\` (
	\`level\` integer NOT NULL,
	\`idx\` integer NOT NULL,
	\`hash\` blob NOT NULL,
	PRIMARY KEY(\`level\`, \`idx\`)
);`,
  // 0007_authority.sql
  `CREATE TABLE \`auth_subjects\` (
	\`subject_id\` text PRIMARY KEY NOT NULL,
	\`epoch\` integer NOT NULL,
	\`revoked\` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE \`credential_leases\` (
	\`issued\` integer PRIMARY KEY NOT NULL,
	\`lease_id\` text NOT NULL,
	\`grant_id\` text NOT NULL,
	\`subject_id\` text NOT NULL,
	\`slot_id\` text,
	\`expires_at_ms\` integer NOT NULL,
	\`revoked\` integer DEFAULT 0 NOT NULL,
	\`body\` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`credential_leases_by_id\` ON \`credential_leases\` (\`lease_id\`);--> statement-breakpoint
CREATE INDEX \`credential_leases_of_grant\` ON \`credential_leases\` (\`grant_id\`,\`issued\`);--> statement-breakpoint
CREATE TABLE \`revoked_slots\` (
	\`slot_id\` text PRIMARY KEY NOT NULL,
	\`version\` integer NOT NULL
);`,
  // 0008_slot_details.sql
  `ALTER TABLE \`secret_slots\` ADD \`details\` text;`,
];
