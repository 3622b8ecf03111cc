CREATE TABLE `session_tasks` (
	`first_seq` integer PRIMARY KEY NOT NULL,
	`task_id` text NOT NULL,
	`session_id` text NOT NULL,
	`seq` integer NOT NULL,
	`kind` text NOT NULL,
	`status` text NOT NULL,
	`state` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `session_tasks_by_id` ON `session_tasks` (`task_id`);--> statement-breakpoint
CREATE INDEX `session_tasks_of_session` ON `session_tasks` (`session_id`,`first_seq`);--> statement-breakpoint
CREATE INDEX `session_tasks_by_status` ON `session_tasks` (`session_id`,`status`,`first_seq`);--> statement-breakpoint
CREATE INDEX `session_tasks_live` ON `session_tasks` (`first_seq`) WHERE kind = 'shell' AND status IN ('pending', 'in_progress', 'blocked');