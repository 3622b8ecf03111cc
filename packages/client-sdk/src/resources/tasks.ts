import type { TaskOutputView, TaskRecord, TaskStatus } from '@kheish/core-model';
import { type CallOptions, type KeyedCallOptions, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';
import { type ListOptions, type Listing, listing } from './listing.ts';

export interface TaskListOptions extends ListOptions {
  readonly status?: TaskStatus | undefined;
}

/** Which part of the output; without one its last 32768 bytes. */
export interface TaskOutputOptions extends CallOptions {
  readonly tailBytes?: number | undefined;
  /** All that is kept: the last one to two MiB. */
  readonly full?: boolean | undefined;
  /** From this position on; `next_offset` of the answer goes on from there. */
  readonly offset?: number | undefined;
  /** Milliseconds to wait for the end of the task, 300000 at most. */
  readonly waitMs?: number | undefined;
}

/** What a session has to do, and what runs for it in the background. */
export interface Tasks {
  /** In order of creation. */
  list(sessionId: string, options?: TaskListOptions): Listing<TaskRecord>;
  get(sessionId: string, taskId: string, options?: CallOptions): Promise<TaskRecord>;
  /** `retrieval_status` says whether the task has ended, and `task.status` what became of it. */
  output(sessionId: string, taskId: string, options?: TaskOutputOptions): Promise<TaskOutputView>;
  /** Throws `tasks/task_state_conflict` where it has ended. A command that takes long to die is still in progress. */
  stop(
    sessionId: string,
    taskId: string,
    body?: { reason?: string },
    options?: KeyedCallOptions,
  ): Promise<TaskRecord>;
}

/** What a request takes beside the wait that it asks for. */
const BESIDE_WAIT_MS = 30_000;

export function tasksOf(transport: Transport): Tasks {
  return {
    list: (session_id, options = {}) =>
      listing(options, (page, { signal, timeoutMs }) => {
        const { status } = options;
        const query = { ...page, ...(status !== undefined && { status }) };
        return request(transport, 'listTasks', { path: { session_id }, query, signal, timeoutMs });
      }),
    get: (session_id, task_id, options) =>
      request(transport, 'getTask', { ...options, path: { session_id, task_id } }),
    output: (session_id, task_id, options = {}) => {
      const { tailBytes, full, offset, waitMs, signal, timeoutMs } = options;
      return request(transport, 'getTaskOutput', {
        path: { session_id, task_id },
        query: {
          ...(tailBytes !== undefined && { tail_bytes: String(tailBytes) }),
          ...(full === true && { full: 'true' as const }),
          ...(offset !== undefined && { offset: String(offset) }),
          ...(waitMs !== undefined && { wait: 'true' as const, timeout_ms: String(waitMs) }),
        },
        signal,
        timeoutMs: timeoutMs ?? (waitMs === undefined ? undefined : waitMs + BESIDE_WAIT_MS),
      });
    },
    stop: (session_id, task_id, body = {}, options) =>
      request(transport, 'stopTask', { ...options, path: { session_id, task_id }, body }),
  };
}
