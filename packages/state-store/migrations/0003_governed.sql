CREATE TABLE `day_spending` (
	`utc_day` text PRIMARY KEY NOT NULL,
	`spent_tokens` integer NOT NULL,
	`spent_usd_micros` integer NOT NULL,
	`reserved_tokens` integer NOT NULL,
	`reserved_usd_micros` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `runtime_revisions` (
	`revision` integer PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
DROP INDEX `runs_unfinished`;--> statement-breakpoint
ALTER TABLE `runs` ADD `pending` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `runs_asking` ON `runs` (`first_seq`) WHERE pending > 0;--> statement-breakpoint
CREATE INDEX `runs_unfinished` ON `runs` (`status`,`route_id`) WHERE status NOT IN ('completed', 'failed', 'interrupted', 'cancelled');--> statement-breakpoint
UPDATE `runs` SET state = json_set(state, '$.approvals', json('[]'), '$.questions', json('[]')) WHERE json_valid(state);