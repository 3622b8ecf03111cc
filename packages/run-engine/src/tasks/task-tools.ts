import {
  type JsonSchema,
  type NewId,
  type RunState,
  type TaskOutputView,
  TaskStatus,
  type Tool,
} from '@kheish/core-model';
import type { Store } from '@kheish/state-store';
import * as v from 'valibot';
import type { AgentTool, DecidingTool } from '../tools/agent-tool.ts';
import { taskView } from '../view/task-view.ts';
import { defineTaskTool, readingTool } from './define-task-tool.ts';
import { existingTask } from './dependencies.ts';
import type { OutputWait } from './session-tasks.ts';
import { createTodo, deleteTask, stopTask, updateTask } from './todo-decisions.ts';

const MAX_TITLE = 200;
const MAX_TEXT = 4_000;
const MAX_BLOCKERS = 50;
const MAX_WAIT_MS = 300_000;
const DEFAULT_WAIT_MS = 30_000;
const TAIL_BYTES = 16_384;
const LISTED = 100;

const id = v.pipe(v.string(), v.nonEmpty(), v.maxLength(100));
const title = v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_TITLE));
const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));
const blockers = v.pipe(v.array(id), v.maxLength(MAX_BLOCKERS));

const words = (description: string, maxLength: number): JsonSchema => ({
  type: 'string',
  maxLength,
  description,
});
const taskId = words('The id of the task.', 100);
const ids: JsonSchema = {
  type: 'array',
  items: { type: 'string' },
  maxItems: MAX_BLOCKERS,
  description: 'Ids of tasks that have to be completed first.',
};

/** Tools by which agents keep the tasks of their session. */
export function taskTools(
  store: Store,
  newId: NewId,
  output: (sessionId: string, taskId: string, wait: OutputWait) => Promise<TaskOutputView>,
): AgentTool[] {
  return [
    createTool(newId),
    updateTool,
    deleteTool,
    stopTool,
    getTool(store),
    listTool(store),
    outputTool(output),
  ];
}

const callOf = (run: RunState, actionId: string) => ({ run_id: run.run_id, action_id: actionId });

function createTool(newId: NewId): DecidingTool<v.InferOutput<typeof CreateInput>> {
  return defineTaskTool({
    name: 'task_create',
    description:
      'Keeps a task in mind for this session, so that it is not forgotten in long work. ' +
      'One that waits for other tasks is blocked until they are completed.',
    input: CreateInput,
    fields: {
      title: words('What is to be done, in a line.', MAX_TITLE),
      description: words('The details.', MAX_TEXT),
      status: { enum: ['pending', 'in_progress'], description: 'Default pending.' },
      blocked_by: ids,
    },
    required: ['title'],
    decide: (state, input, { run, actionId }) => {
      const { session_id: sessionId, agent_id: agentId } = run;
      const place = { sessionId, taskId: newId('task'), agentId, call: callOf(run, actionId) };
      const { blocked_by: blockedBy, ...todo } = input;
      return taskView(createTodo(state, place, { ...todo, blockedBy }), state.openTasks(sessionId));
    },
  });
}

const CreateInput = v.strictObject({
  title,
  description: v.optional(text, ''),
  status: v.optional(v.picklist(['pending', 'in_progress']), 'pending'),
  blocked_by: v.optional(blockers, []),
});

const updateTool = defineTaskTool({
  name: 'task_update',
  description:
    'Changes a task. A task that is completed, failed or cancelled has ended and does not change any more; ' +
    'with completed begins what waited for it.',
  input: v.strictObject({
    task_id: id,
    title: v.optional(title),
    description: v.optional(text),
    status: v.optional(TaskStatus),
    blocked_by: v.optional(blockers),
    output: v.optional(text),
  }),
  fields: {
    task_id: taskId,
    title: words('What is to be done, in a line.', MAX_TITLE),
    description: words('The details.', MAX_TEXT),
    status: { enum: [...TaskStatus.options] },
    blocked_by: ids,
    output: words('What came of it.', MAX_TEXT),
  },
  required: ['task_id'],
  decide: (state, { task_id, blocked_by: blockedBy, ...fields }, { run, actionId }) => {
    const change = { ...given(fields), ...(blockedBy !== undefined && { blockedBy }) };
    const { session_id: sessionId } = run;
    const task = updateTask(state, sessionId, task_id, change, callOf(run, actionId));
    return taskView(task, state.openTasks(sessionId));
  },
});

const deleteTool = defineTaskTool({
  name: 'task_delete',
  description: 'Forgets a task. Not one that runs, and not one that others wait for.',
  input: v.strictObject({ task_id: id }),
  fields: { task_id: taskId },
  required: ['task_id'],
  decide: (state, { task_id }, { run }) => {
    deleteTask(state, run.session_id, task_id);
    return { deleted: task_id };
  },
});

const stopTool = defineTaskTool({
  name: 'task_stop',
  description:
    'Cancels a task. A command that runs in the background is ended with all that it started; ' +
    'task_output with wait tells when it is dead.',
  input: v.strictObject({
    task_id: id,
    reason: v.optional(v.pipe(v.string(), v.maxLength(1_000))),
  }),
  fields: { task_id: taskId, reason: words('Why.', 1_000) },
  required: ['task_id'],
  decide: (state, { task_id, reason }, { run: { session_id: sessionId } }) =>
    taskView(stopTask(state, sessionId, task_id, reason), state.openTasks(sessionId)),
});

function getTool(store: Store): Tool {
  return readingTool({
    name: 'task_get',
    description: 'One task of this session.',
    input: v.strictObject({ task_id: id }),
    fields: { task_id: taskId },
    required: ['task_id'],
    read: ({ task_id }, { session_id: sessionId }) => {
      const task = existingTask(store.read.task(task_id), sessionId, task_id);
      return Promise.resolve(JSON.stringify(taskView(task, store.read.openTasks(sessionId))));
    },
  });
}

function listTool(store: Store): Tool {
  return readingTool({
    name: 'task_list',
    description: `The tasks of this session: those that have not ended, or those of a status; ${LISTED} at most.`,
    input: v.strictObject({ status: v.optional(TaskStatus) }),
    fields: { status: { enum: [...TaskStatus.options] } },
    required: [],
    read: ({ status }, { session_id: sessionId }) => {
      const open = store.read.openTasks(sessionId);
      const tasks =
        status === undefined
          ? open
          : store.read.tasks({ sessionId, status, limit: LISTED + 1 }).map(({ task }) => task);
      const listed = tasks.slice(0, LISTED).map((task) => {
        const { id: task_id, kind, title: said, status: is, blocked_by } = taskView(task, open);
        return { id: task_id, kind, title: said, status: is, blocked_by };
      });
      const more = tasks.length > LISTED && { more: true };
      return Promise.resolve(JSON.stringify({ tasks: listed, ...more }));
    },
  });
}

function outputTool(
  output: (sessionId: string, taskId: string, wait: OutputWait) => Promise<TaskOutputView>,
): Tool {
  return readingTool({
    name: 'task_output',
    description:
      'What a background command printed, also while it runs: its end, or what comes after a position. ' +
      'With wait it answers when the command has ended, or when the time is over.',
    input: v.strictObject({
      task_id: id,
      wait: v.optional(v.boolean(), false),
      timeout_ms: v.optional(
        v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_WAIT_MS)),
        DEFAULT_WAIT_MS,
      ),
      offset: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
    }),
    fields: {
      task_id: taskId,
      wait: { type: 'boolean', description: 'Default false.' },
      timeout_ms: {
        type: 'integer',
        minimum: 0,
        maximum: MAX_WAIT_MS,
        description: `With wait: at most so many milliseconds. Default ${DEFAULT_WAIT_MS}.`,
      },
      offset: {
        type: 'integer',
        minimum: 0,
        description: 'Position in bytes from which to read. Default: the end of the output.',
      },
    },
    required: ['task_id'],
    timeoutMs: MAX_WAIT_MS + 10_000,
    read: async ({ task_id, wait, timeout_ms: waitMs, offset }, { session_id, signal }) =>
      outputText(
        await output(session_id, task_id, {
          tailBytes: TAIL_BYTES,
          ...(wait && { waitMs, signal }),
          ...(offset !== undefined && { offset }),
        }),
      ),
  });
}

/** What is said of the output stands first: what is too long is cut at its end. */
function outputText({ task, output_text: printed, ...view }: TaskOutputView): string {
  const { exit_code: code, terminal_reason: reason } = task.metadata;
  const end = [
    ...(reason === undefined ? [] : [reason]),
    ...(code === undefined ? [] : [`exit code ${code}`]),
  ];
  const status = [task.status, ...end].join(', ');
  const { output_offset: from, next_offset: next, output_total_bytes: total } = view;
  return `[${task.id}: ${status}]\n[bytes ${from} to ${next} of ${total}]\n${printed}`;
}

function given<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
