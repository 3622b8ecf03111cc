import type { DomainEvent, EventOf } from '../journal/events.ts';
import type { TaskEvent } from './task-events.ts';
import { type TaskState, isEnded } from './task.ts';

export function isTaskEvent(event: DomainEvent): event is DomainEvent & TaskEvent {
  return 'task_id' in event;
}

function created(event: EventOf<'task_created'>, atMs: number): TaskState {
  const { kind, command } = event;
  if ((kind === 'shell') !== (command !== undefined)) {
    throw new Error(`task ${event.task_id}: a ${kind} with${command ? '' : 'out'} a command`);
  }
  return {
    task_id: event.task_id,
    session_id: event.session_id,
    kind,
    title: event.title,
    description: event.description,
    status: event.status,
    owner_agent_id: event.owner_agent_id,
    call: event.call,
    blocked_by: event.blocked_by,
    created_at_ms: atMs,
    updated_at_ms: atMs,
    ...(command !== undefined && { command }),
  };
}

function changed(task: TaskState, event: TaskEvent, atMs: number): TaskState | undefined {
  switch (event.type) {
    case 'task_updated': {
      const { type: _type, session_id: _session, task_id: _id, call: _call, ...fields } = event;
      if (task.kind === 'shell' && (fields.status ?? fields.blocked_by ?? fields.output)) {
        throw impossible(task, event);
      }
      return { ...task, ...onlyGiven(fields) };
    }
    case 'task_started': {
      const { incarnation, process } = event;
      if (task.kind !== 'shell' || task.incarnation !== undefined) throw impossible(task, event);
      const own = { incarnation, ...(process !== undefined && { process }) };
      return { ...task, ...own, status: 'in_progress' };
    }
    case 'task_stop_requested': {
      const { reason } = event;
      if (task.stop !== undefined) throw impossible(task, event);
      return { ...task, stop: { at_ms: atMs, ...(reason !== undefined && { reason }) } };
    }
    case 'task_settled': {
      const { status, output, shell_end: end } = event;
      if ((task.kind === 'shell') !== (end !== undefined)) throw impossible(task, event);
      return {
        ...task,
        status,
        ...(output !== undefined && { output }),
        ...(end !== undefined && { shell_end: end }),
      };
    }
    default:
      throw impossible(task, event);
  }
}

/**
 * The task after the event; undefined where it is deleted. Throws on an event that its state cannot have: that is a
 * bug, not an input.
 */
export function evolveTask(
  task: TaskState | undefined,
  event: DomainEvent & TaskEvent,
  atMs: number,
): TaskState | undefined {
  if (event.type === 'task_created') {
    if (task !== undefined) throw new Error(`task ${task.task_id} is created twice`);
    return created(event, atMs);
  }
  if (task === undefined) throw new Error(`${event.type} for a task that does not exist`);
  const ended = isEnded(task.status);
  if (event.type === 'task_deleted') {
    if (task.kind === 'shell' && !ended) throw impossible(task, event);
    return undefined;
  }
  if (ended) throw impossible(task, event);
  const after = changed(task, event, atMs);
  return after && { ...after, updated_at_ms: atMs };
}

function impossible(task: TaskState, { type }: TaskEvent): Error {
  return new Error(`task ${task.task_id}: ${type} while it is ${task.status}`);
}

function onlyGiven<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
