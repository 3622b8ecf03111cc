import * as v from 'valibot';
import { TaskKind, TaskStatus, TerminalReason } from '../task/task.ts';

/** A task of a session. */
export const TaskRecord = v.strictObject({
  id: v.string(),
  session_id: v.string(),
  kind: TaskKind,
  title: v.string(),
  description: v.string(),
  status: TaskStatus,
  owner_agent_id: v.string(),
  /** Tasks that have to be completed first. */
  blocked_by: v.array(v.string()),
  /** Open tasks that wait for this one. */
  blocks: v.array(v.string()),
  /** Of a shell that ended, the end of what it printed. */
  output: v.optional(v.string()),
  metadata: v.strictObject({
    /** The run whose call made it. */
    run_id: v.string(),
    exit_code: v.optional(v.number()),
    signal: v.optional(v.string()),
    terminal_reason: v.optional(TerminalReason),
    recovered_on_boot: v.optional(v.literal(true)),
    stop_requested_at_ms: v.optional(v.number()),
    stop_reason: v.optional(v.string()),
    /** Of a shell that ended: whether all of its processes are known to be dead. */
    process_tree_shutdown_confirmed: v.optional(v.boolean()),
    process_tree_remaining_pids: v.optional(v.array(v.number())),
  }),
  created_at_ms: v.number(),
  updated_at_ms: v.number(),
});
export type TaskRecord = v.InferOutput<typeof TaskRecord>;

export const StopTaskRequest = v.strictObject({
  reason: v.optional(v.pipe(v.string(), v.maxLength(1_000))),
  idempotency_key: v.optional(v.string()),
});
export type StopTaskRequest = v.InferOutput<typeof StopTaskRequest>;

/** What a task printed. Positions are bytes from the first that was printed. */
export const TaskOutputView = v.strictObject({
  /** `success`: the task has ended; what became of it says its `status`. `timeout`: it did not while one waited. */
  retrieval_status: v.picklist(['success', 'not_ready', 'timeout']),
  task: TaskRecord,
  /** While it runs: where the newest output stands on the daemon's machine; what is older in `<path>.1`. */
  output_file_path: v.optional(v.string()),
  /** The last lines. */
  output_excerpt: v.string(),
  output_text: v.string(),
  /** Position of the first byte of `output_text`. */
  output_offset: v.number(),
  /** Position after the last one; as `offset` it gives what comes next. */
  next_offset: v.number(),
  /** There is output before or after `output_text`, or there was. */
  output_truncated: v.boolean(),
  /** Bytes of `output_text`. */
  output_size_bytes: v.number(),
  /** Bytes that were printed so far. */
  output_total_bytes: v.number(),
  /** Older output was given up for newer. */
  output_rotated: v.boolean(),
  output_rotation_count: v.number(),
});
export type TaskOutputView = v.InferOutput<typeof TaskOutputView>;
