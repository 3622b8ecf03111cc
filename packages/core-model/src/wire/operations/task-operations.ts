import * as v from 'valibot';
import { TaskStatus } from '../../task/task.ts';
import { pageOf, pageQuery } from '../page.ts';
import { StopTaskRequest, TaskOutputView, TaskRecord } from '../task-view.ts';
import { type Operation, flag } from './operation.ts';

const number = v.optional(v.pipe(v.string(), v.regex(/^\d{1,15}$/)));

/** What a session has to do, and what runs for it in the background. */
export const taskOperations = {
  listTasks: {
    method: 'GET',
    path: '/v1/sessions/{session_id}/tasks',
    access: 'read',
    summary: 'Tasks of a session in order of creation.',
    query: { ...pageQuery, status: v.optional(TaskStatus) },
    status: 200,
    response: pageOf(TaskRecord),
  },
  getTask: {
    method: 'GET',
    path: '/v1/sessions/{session_id}/tasks/{task_id}',
    access: 'read',
    summary: 'One task.',
    status: 200,
    response: TaskRecord,
  },
  getTaskOutput: {
    method: 'GET',
    path: '/v1/sessions/{session_id}/tasks/{task_id}/output',
    access: 'read',
    summary:
      'What a task printed, also while it runs: its end, all that is kept, or from a place on.',
    query: {
      /** Until the task ends, at most `timeout_ms`: 30000 when absent, 300000 at most. */
      wait: flag,
      timeout_ms: number,
      /** So many of the last bytes; 32768 when absent. */
      tail_bytes: number,
      full: flag,
      /** From this position on, 262144 bytes at most. */
      offset: number,
    },
    status: 200,
    response: TaskOutputView,
  },
  stopTask: {
    method: 'POST',
    path: '/v1/sessions/{session_id}/tasks/{task_id}/stop',
    access: 'operator',
    summary: 'Cancel a task; the processes of a shell are ended first.',
    body: StopTaskRequest,
    bodyOptional: true,
    status: 202,
    response: TaskRecord,
    idempotent: true,
  },
} as const satisfies Record<string, Operation>;
