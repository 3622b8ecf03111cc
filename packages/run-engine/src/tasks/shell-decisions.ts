import {
  type Body,
  type EndedTaskStatus,
  type ProcessIdentity,
  type ShellEnd,
  type ShellReport,
  type TaskCall,
  type TaskState,
  type TerminalReason,
  isLiveShell,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { existingTask, unblock } from './dependencies.ts';

export interface NewShell {
  readonly sessionId: string;
  readonly taskId: string;
  readonly agentId: string;
  readonly call: TaskCall;
  readonly title: string;
  readonly description: string;
  readonly command: Body;
  readonly incarnation: number;
  readonly process?: ProcessIdentity;
}

/** A command begins in the background. */
export function startShell(state: WorkingState, shell: NewShell): void {
  const { sessionId, taskId, process } = shell;
  // The disk took it although it said no, and it is tried again.
  if (state.task(taskId) !== undefined) return;
  const ids = { session_id: sessionId, task_id: taskId };
  state.record(
    {
      type: 'task_created',
      ...ids,
      kind: 'shell',
      title: shell.title,
      description: shell.description,
      status: 'pending',
      blocked_by: [],
      owner_agent_id: shell.agentId,
      call: shell.call,
      command: shell.command,
    },
    {
      type: 'task_started',
      ...ids,
      incarnation: shell.incarnation,
      ...(process !== undefined && { process }),
    },
  );
}

/** What a command that has ended left behind. */
export interface ShellRemains {
  readonly report: Omit<ShellReport, 'output'>;
  readonly output: Body;
  readonly excerpt: string;
  readonly totalBytes: number;
  readonly rotations: number;
  readonly recovered?: true;
}

/** A command has ended, whoever wanted it. Settling it again changes nothing. */
export function settleShell(
  state: WorkingState,
  sessionId: string,
  taskId: string,
  remains: ShellRemains,
): void {
  const task = existingTask(state.task(taskId), sessionId, taskId);
  if (!isLiveShell(task)) return;
  const { report, output, recovered } = remains;
  const { exit_code, signal, death, remaining_pids } = report;
  const { status, reason } = endOf(task, remains);
  const end: ShellEnd = {
    terminal_reason: reason,
    ...(exit_code !== undefined && { exit_code }),
    ...(signal !== undefined && { signal }),
    ...(recovered && { recovered_on_boot: true }),
    ...(death === 'unproven' && { death_unproven: true }),
    ...(remaining_pids !== undefined && { remaining_pids: [...remaining_pids] }),
    output_total_bytes: remains.totalBytes,
    output_rotation_count: remains.rotations,
    output_excerpt: remains.excerpt,
  };
  const ids = { session_id: sessionId, task_id: taskId };
  state.record({ type: 'task_settled', ...ids, status, output, shell_end: end });
  if (status === 'completed') unblock(state, task);
}

/** Completed is what ended by itself with exit code 0, and nothing else. */
function endOf(
  { stop }: TaskState,
  { report, recovered }: ShellRemains,
): { status: EndedTaskStatus; reason: TerminalReason } {
  const { exit_code, stopped } = report;
  const wasEnded = recovered || (stopped !== undefined && stopped !== 'timeout');
  if (stopped === 'stopped' || (wasEnded && stop !== undefined)) {
    return { status: 'cancelled', reason: 'stopped' };
  }
  if (stopped === 'not_begun') return { status: 'failed', reason: 'not_begun' };
  if (recovered) return { status: 'failed', reason: 'daemon_restarted' };
  if (wasEnded) return { status: 'failed', reason: 'daemon_stopped' };
  if (stopped === 'timeout') return { status: 'failed', reason: 'timed_out' };
  if (exit_code === 0) return { status: 'completed', reason: 'exited' };
  return { status: 'failed', reason: exit_code === undefined ? 'signalled' : 'exited' };
}
