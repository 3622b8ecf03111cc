import {
  KheishError,
  type TaskCall,
  type TaskState,
  type TaskStatus,
  isEnded,
  isLiveShell,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import {
  dependents,
  existingTask,
  openBlockers,
  requireBlockers,
  unblock,
} from './dependencies.ts';

/** Tasks of a session that have not ended. */
const MAX_OPEN_TASKS = 1_000;

export interface NewTodo {
  readonly title: string;
  readonly description: string;
  readonly status: 'pending' | 'in_progress';
  readonly blockedBy: readonly string[];
}

/** What an agent wants to keep in mind. It begins `blocked` where it has to wait for another task. */
export function createTodo(
  state: WorkingState,
  place: { sessionId: string; taskId: string; agentId: string; call: TaskCall },
  todo: NewTodo,
): TaskState {
  const { sessionId, taskId, agentId, call } = place;
  if (state.openTasks(sessionId).length >= MAX_OPEN_TASKS) {
    throw new KheishError(
      'tasks/too_many_tasks',
      `The session has ${MAX_OPEN_TASKS} open tasks. Complete, stop or delete some first.`,
    );
  }
  const blockedBy = requireBlockers(state, sessionId, todo.blockedBy);
  state.record({
    type: 'task_created',
    session_id: sessionId,
    task_id: taskId,
    kind: 'todo',
    title: todo.title,
    description: todo.description,
    status: openBlockers(state, blockedBy).length > 0 ? 'blocked' : todo.status,
    blocked_by: blockedBy,
    owner_agent_id: agentId,
    call,
  });
  return existingTask(state.task(taskId), sessionId, taskId);
}

export interface TodoChange {
  readonly title?: string;
  readonly description?: string;
  readonly status?: TaskStatus;
  readonly blockedBy?: readonly string[];
  readonly output?: string;
}

/** Fields that are absent stay as they are. A task that has ended does not change any more. */
export function updateTask(
  state: WorkingState,
  sessionId: string,
  taskId: string,
  change: TodoChange,
  call: TaskCall,
): TaskState {
  const task = openTask(state, sessionId, taskId);
  const { title, description, output } = change;
  requireOwnEnd(task, change);
  const blockedBy = change.blockedBy && requireBlockers(state, sessionId, change.blockedBy, taskId);
  const status = statusAfter(state, task, change.status, blockedBy ?? task.blocked_by);
  const ends = isEnded(status);
  const fields = {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(blockedBy !== undefined && { blocked_by: blockedBy }),
    ...(!ends && status !== task.status && { status }),
    ...(!ends && output !== undefined && { output }),
  };
  const ids = { session_id: sessionId, task_id: taskId };
  if (Object.keys(fields).length > 0) {
    state.record({ type: 'task_updated', ...ids, ...fields, call });
  }
  if (ends) {
    const told = { ...(output !== undefined && { output }) };
    state.record({ type: 'task_settled', ...ids, status, ...told });
    if (status === 'completed') unblock(state, task);
  }
  return existingTask(state.task(taskId), sessionId, taskId);
}

/** What a command comes to is not an agent's to say. */
function requireOwnEnd({ kind, task_id: id }: TaskState, change: TodoChange): void {
  const { status, blockedBy, output } = change;
  if (kind === 'todo' || (status === undefined && blockedBy === undefined && output === undefined))
    return;
  throw new KheishError(
    'tasks/task_state_conflict',
    `Task ${id} is a command that runs: only its title and description can be changed. task_stop ends it.`,
  );
}

function statusAfter(
  state: WorkingState,
  task: TaskState,
  asked: TaskStatus | undefined,
  blockedBy: readonly string[],
): TaskStatus {
  const blockers = openBlockers(state, blockedBy);
  const isFree = blockers.length === 0;
  if (asked === undefined && task.kind === 'todo') {
    if (!isFree) return 'blocked';
    return task.status === 'blocked' && task.blocked_by.length > 0 ? 'pending' : task.status;
  }
  const status = asked ?? task.status;
  const begins = status === 'in_progress' || status === 'pending' || status === 'completed';
  if (asked !== undefined && begins && !isFree) {
    throw new KheishError(
      'tasks/task_state_conflict',
      `Task ${task.task_id} cannot be ${status}: it is blocked by ${blockers.join(', ')}.`,
    );
  }
  return status;
}

export function deleteTask(state: WorkingState, sessionId: string, taskId: string): void {
  const task = existingTask(state.task(taskId), sessionId, taskId);
  if (isLiveShell(task)) {
    throw new KheishError(
      'tasks/task_state_conflict',
      `Task ${taskId} is a command that runs. Stop it first.`,
    );
  }
  const waiting = dependents(state.openTasks(sessionId), taskId);
  if (waiting.length > 0) {
    const ids = waiting.map(({ task_id: id }) => id).join(', ');
    throw new KheishError('tasks/task_state_conflict', `Task ${taskId} is one that ${ids} names.`);
  }
  state.record({ type: 'task_deleted', session_id: sessionId, task_id: taskId });
}

/**
 * Nobody wants it any more. A todo is cancelled with this; a command is ended by whoever follows the journal, and
 * cancelled when it is dead.
 */
export function stopTask(
  state: WorkingState,
  sessionId: string,
  taskId: string,
  reason: string | undefined,
): TaskState {
  const task = openTask(state, sessionId, taskId);
  const ids = { session_id: sessionId, task_id: taskId };
  if (task.stop === undefined) {
    const why = { ...(reason !== undefined && { reason }) };
    state.record({ type: 'task_stop_requested', ...ids, ...why });
  }
  if (task.kind === 'todo') state.record({ type: 'task_settled', ...ids, status: 'cancelled' });
  return existingTask(state.task(taskId), sessionId, taskId);
}

/** The commands that the session has running are to end. */
export function stopShells(state: WorkingState, sessionId: string, reason: string): void {
  for (const task of state.openTasks(sessionId)) {
    if (isLiveShell(task)) stopTask(state, sessionId, task.task_id, reason);
  }
}

function openTask(state: WorkingState, sessionId: string, taskId: string): TaskState {
  const task = existingTask(state.task(taskId), sessionId, taskId);
  if (!isEnded(task.status)) return task;
  throw new KheishError('tasks/task_state_conflict', `Task ${taskId} is ${task.status} already.`);
}
