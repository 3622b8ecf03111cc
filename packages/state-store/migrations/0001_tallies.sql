CREATE TABLE `tallies` (
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`kind`, `status`)
);
--> statement-breakpoint
INSERT INTO `tallies` SELECT 'session', status, count(*) FROM `sessions` GROUP BY status;--> statement-breakpoint
INSERT INTO `tallies` SELECT 'run', status, count(*) FROM `runs` GROUP BY status;
