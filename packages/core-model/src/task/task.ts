import * as v from 'valibot';
import { type Body, eraseBody } from '../message/body.ts';
import type { ProcessIdentity } from '../tool/process-identity.ts';

export const TaskStatus = v.picklist([
  'pending',
  'in_progress',
  'blocked',
  'completed',
  'failed',
  'cancelled',
]);
export type TaskStatus = v.InferOutput<typeof TaskStatus>;

export const OpenTaskStatus = v.picklist(['pending', 'in_progress', 'blocked']);
export type OpenTaskStatus = v.InferOutput<typeof OpenTaskStatus>;

export const EndedTaskStatus = v.picklist(['completed', 'failed', 'cancelled']);
export type EndedTaskStatus = v.InferOutput<typeof EndedTaskStatus>;

/** `todo`: work that an agent keeps in mind. `shell`: a command that runs in the background. */
export const TaskKind = v.picklist(['todo', 'shell']);
export type TaskKind = v.InferOutput<typeof TaskKind>;

/** How a command that ran in the background came to its end. */
export const TerminalReason = v.picklist([
  'exited',
  'signalled',
  'timed_out',
  'stopped',
  'not_begun',
  'daemon_stopped',
  'daemon_restarted',
]);
export type TerminalReason = v.InferOutput<typeof TerminalReason>;

/** The call that made or changed a task. */
export const TaskCall = v.strictObject({ run_id: v.string(), action_id: v.string() });
export type TaskCall = v.InferOutput<typeof TaskCall>;

/** What became of a command that ran in the background. */
export const ShellEnd = v.strictObject({
  terminal_reason: TerminalReason,
  exit_code: v.optional(v.number()),
  signal: v.optional(v.string()),
  /** A later start of the daemon found it. */
  recovered_on_boot: v.optional(v.literal(true)),
  /** It was ended, and that all of its processes are dead could not be established. */
  death_unproven: v.optional(v.literal(true)),
  /** Those that were seen to live on. */
  remaining_pids: v.optional(v.array(v.number())),
  /** Bytes that it printed; of one that was found by a later start, those that are left. */
  output_total_bytes: v.number(),
  /** How often older output was given up for newer. */
  output_rotation_count: v.number(),
  /** The end of what it printed, for lists. */
  output_excerpt: v.string(),
});
export type ShellEnd = v.InferOutput<typeof ShellEnd>;

/** A task of a session as its events make it. */
export interface TaskState {
  readonly task_id: string;
  readonly session_id: string;
  readonly kind: TaskKind;
  readonly title: string;
  readonly description: string;
  readonly status: TaskStatus;
  readonly owner_agent_id: string;
  readonly call: TaskCall;
  readonly blocked_by: readonly string[];
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
  /** Of a shell, the line. */
  readonly command?: Body;
  /** The daemon start that the shell belongs to; it goes down with it. */
  readonly incarnation?: number;
  readonly process?: ProcessIdentity;
  readonly stop?: { readonly at_ms: number; readonly reason?: string };
  /** What came of it: of a todo in an agent's words, of a shell the newest of what it printed. */
  readonly output?: Body;
  readonly shell_end?: ShellEnd;
}

export function isEnded(status: TaskStatus): status is EndedTaskStatus {
  return v.is(EndedTaskStatus, status);
}

/** Whether a command of the task may be running. */
export function isLiveShell(task: TaskState): boolean {
  return task.kind === 'shell' && !isEnded(task.status);
}

export function eraseShellEnd(end: ShellEnd): ShellEnd {
  return { ...end, output_excerpt: '' };
}

/** The task without what was said in it. Erasing twice changes nothing. */
export function eraseTask(task: TaskState): TaskState {
  const { command, output, stop, shell_end: end } = task;
  return {
    ...task,
    title: '',
    description: '',
    ...(command !== undefined && { command: eraseBody(command) }),
    ...(output !== undefined && { output: eraseBody(output) }),
    ...(stop !== undefined && { stop: { at_ms: stop.at_ms } }),
    ...(end !== undefined && { shell_end: eraseShellEnd(end) }),
  };
}
