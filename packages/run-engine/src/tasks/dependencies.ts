import { KheishError, type TaskState } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';

/** A task that does not exist in the session answers like one that does not exist at all. */
export function existingTask(
  task: TaskState | undefined,
  sessionId: string,
  taskId: string,
): TaskState {
  if (task?.session_id === sessionId) return task;
  throw new KheishError('tasks/task_not_found', `There is no task ${taskId} in this session.`);
}

/** The tasks that `taskId` is to wait for, each once. Refuses what does not exist, and what would wait for itself. */
export function requireBlockers(
  state: WorkingState,
  sessionId: string,
  blockedBy: readonly string[],
  taskId?: string,
): string[] {
  const blockers = [...new Set(blockedBy)];
  for (const id of blockers) existingTask(state.task(id), sessionId, id);
  if (taskId !== undefined && waitsFor(state, blockers, taskId)) {
    throw new KheishError('tasks/invalid_dependency', `Task ${taskId} would wait for itself.`);
  }
  return blockers;
}

/** Whether one of the tasks is the other, or waits for it through however many between. */
function waitsFor(state: WorkingState, tasks: readonly string[], other: string): boolean {
  const seen = new Set<string>();
  const pending = [...tasks];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (id === other) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    pending.push(...(state.task(id)?.blocked_by ?? []));
  }
  return false;
}

/** Those that are not completed. One that failed or was cancelled blocks on, until somebody decides. */
export function openBlockers(state: WorkingState, blockedBy: readonly string[]): string[] {
  return blockedBy.filter((id) => state.task(id)?.status !== 'completed');
}

/** Open tasks of the session that name the task among those that they wait for. */
export function dependents(tasks: readonly TaskState[], taskId: string): TaskState[] {
  return tasks.filter((task) => task.blocked_by.includes(taskId));
}

/** The task is completed: what waited for it and for nothing else may begin. */
export function unblock(state: WorkingState, { session_id, task_id }: TaskState): void {
  for (const task of dependents(state.openTasks(session_id), task_id)) {
    if (task.status !== 'blocked' || openBlockers(state, task.blocked_by).length > 0) continue;
    state.record({ type: 'task_updated', session_id, task_id: task.task_id, status: 'pending' });
  }
}
