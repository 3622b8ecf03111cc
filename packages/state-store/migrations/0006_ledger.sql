CREATE TABLE `ledger_checkpoints` (
	`tree_size` integer PRIMARY KEY NOT NULL,
	`body` text NOT NULL,
	`key_id` text NOT NULL,
	`signature` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `ledger_entries` (
	`idx` integer PRIMARY KEY NOT NULL,
	`chain` text NOT NULL,
	`body` text NOT NULL,
	`record_hash` blob NOT NULL,
	`key_id` text,
	`signature` blob
);
--> statement-breakpoint
CREATE INDEX `ledger_entries_of_chain` ON `ledger_entries` (`chain`);--> statement-breakpoint
CREATE TABLE `ledger_subtrees` (
	`level` integer NOT NULL,
	`idx` integer NOT NULL,
	`hash` blob NOT NULL,
	PRIMARY KEY(`level`, `idx`)
);
