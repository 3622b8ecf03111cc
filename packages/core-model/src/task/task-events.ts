import * as v from 'valibot';
import { Body, eraseBody } from '../message/body.ts';
import { ProcessIdentity } from '../tool/process-identity.ts';
import {
  EndedTaskStatus,
  OpenTaskStatus,
  ShellEnd,
  TaskCall,
  TaskKind,
  eraseShellEnd,
} from './task.ts';

// They name the session and not the run: a task outlives the run that made it.
const task = { session_id: v.string(), task_id: v.string() };

const TaskCreated = v.strictObject({
  type: v.literal('task_created'),
  ...task,
  kind: TaskKind,
  title: v.string(),
  description: v.string(),
  status: OpenTaskStatus,
  blocked_by: v.array(v.string()),
  owner_agent_id: v.string(),
  call: TaskCall,
  command: v.optional(Body),
});

/** Fields that are absent stay as they are. */
const TaskUpdated = v.strictObject({
  type: v.literal('task_updated'),
  ...task,
  title: v.optional(v.string()),
  description: v.optional(v.string()),
  status: v.optional(OpenTaskStatus),
  blocked_by: v.optional(v.array(v.string())),
  output: v.optional(Body),
  call: v.optional(TaskCall),
});

/** A command begins in the background, by these processes. */
const TaskStarted = v.strictObject({
  type: v.literal('task_started'),
  ...task,
  incarnation: v.number(),
  process: v.optional(ProcessIdentity),
});

/** A person wants no more of it; a command is settled when its processes are dead. */
const TaskStopRequested = v.strictObject({
  type: v.literal('task_stop_requested'),
  ...task,
  reason: v.optional(v.string()),
});

const TaskSettled = v.strictObject({
  type: v.literal('task_settled'),
  ...task,
  status: EndedTaskStatus,
  output: v.optional(Body),
  shell_end: v.optional(ShellEnd),
});

const TaskDeleted = v.strictObject({ type: v.literal('task_deleted'), ...task });

export const taskEvents = [
  TaskCreated,
  TaskUpdated,
  TaskStarted,
  TaskStopRequested,
  TaskSettled,
  TaskDeleted,
] as const;

export type TaskEvent = v.InferOutput<(typeof taskEvents)[number]>;

/** The event without what was said in it. */
export function eraseTaskEvent(event: TaskEvent): TaskEvent {
  switch (event.type) {
    case 'task_created': {
      const { command } = event;
      return {
        ...event,
        title: '',
        description: '',
        ...(command !== undefined && { command: eraseBody(command) }),
      };
    }
    case 'task_updated': {
      const { title, description, output } = event;
      return {
        ...event,
        ...(title !== undefined && { title: '' }),
        ...(description !== undefined && { description: '' }),
        ...(output !== undefined && { output: eraseBody(output) }),
      };
    }
    case 'task_stop_requested': {
      const { reason: _reason, ...rest } = event;
      return rest;
    }
    case 'task_settled': {
      const { output, shell_end: end } = event;
      return {
        ...event,
        ...(output !== undefined && { output: eraseBody(output) }),
        ...(end !== undefined && { shell_end: eraseShellEnd(end) }),
      };
    }
    default:
      return event;
  }
}
