CREATE TABLE `auth_subjects` (
	`subject_id` text PRIMARY KEY NOT NULL,
	`epoch` integer NOT NULL,
	`revoked` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `credential_leases` (
	`issued` integer PRIMARY KEY NOT NULL,
	`lease_id` text NOT NULL,
	`grant_id` text NOT NULL,
	`subject_id` text NOT NULL,
	`slot_id` text,
	`expires_at_ms` integer NOT NULL,
	`revoked` integer DEFAULT 0 NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `credential_leases_by_id` ON `credential_leases` (`lease_id`);--> statement-breakpoint
CREATE INDEX `credential_leases_of_grant` ON `credential_leases` (`grant_id`,`issued`);--> statement-breakpoint
CREATE TABLE `revoked_slots` (
	`slot_id` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL
);
