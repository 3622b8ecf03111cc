import type { ShellEnd, TaskRecord, TaskState } from '@kheish/core-model';
import { dependents } from '../tasks/dependencies.ts';

/** A task with what waits for it among the open tasks of its session. */
export function taskView(task: TaskState, open: readonly TaskState[]): TaskRecord {
  const { task_id, call, stop, output, shell_end: end } = task;
  const told = end === undefined ? output : end.output_excerpt;
  return {
    id: task_id,
    session_id: task.session_id,
    kind: task.kind,
    title: task.title,
    description: task.description,
    status: task.status,
    owner_agent_id: task.owner_agent_id,
    blocked_by: [...task.blocked_by],
    blocks:
      task.status === 'completed' ? [] : dependents(open, task_id).map(({ task_id: id }) => id),
    ...(typeof told === 'string' && { output: told }),
    metadata: {
      run_id: call.run_id,
      ...(stop !== undefined && { stop_requested_at_ms: stop.at_ms }),
      ...(stop?.reason !== undefined && { stop_reason: stop.reason }),
      ...(end !== undefined && endView(end)),
    },
    created_at_ms: task.created_at_ms,
    updated_at_ms: task.updated_at_ms,
  };
}

function endView(end: ShellEnd): Partial<TaskRecord['metadata']> {
  const { terminal_reason, exit_code, signal, recovered_on_boot, remaining_pids } = end;
  return {
    terminal_reason,
    ...(exit_code !== undefined && { exit_code }),
    ...(signal !== undefined && { signal }),
    ...(recovered_on_boot && { recovered_on_boot }),
    process_tree_shutdown_confirmed: end.death_unproven === undefined,
    ...(remaining_pids !== undefined && { process_tree_remaining_pids: remaining_pids }),
  };
}
