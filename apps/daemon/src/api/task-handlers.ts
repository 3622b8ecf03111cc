import { KheishError } from '@kheish/core-model';
import type { Handlers } from '@kheish/http-api';
import { type SessionTasks, existingSession, existingTask, taskView } from '@kheish/run-engine';
import type { Store } from '@kheish/state-store';
import { answered } from './answered.ts';
import { numberedPageRequest, page } from './page-request.ts';
import { secondLook } from './second-look.ts';

type TaskOperation = 'listTasks' | 'getTask' | 'getTaskOutput' | 'stopTask';

const DEFAULT_WAIT_MS = 30_000;
const MAX_WAIT_MS = 300_000;

/** What sessions have to do, and what runs for them in the background. */
export function taskHandlers(store: Store, tasks: SessionTasks): Pick<Handlers, TaskOperation> {
  const session = (id: string) => existingSession(store.read.session(id), id);
  return {
    listTasks: ({ path: { session_id: sessionId }, query }) => {
      session(sessionId);
      const { limit, after } = numberedPageRequest(query);
      const { status } = query;
      const rows = store.read.tasks({
        sessionId,
        limit: limit + 1,
        ...(after !== undefined && { after }),
        ...(status !== undefined && { status }),
      });
      const open = store.read.openTasks(sessionId);
      const keyOf = (row: (typeof rows)[number]) => String(row.position);
      return page(rows, limit, 'created_asc', keyOf, (shown) =>
        shown.map(({ task }) => taskView(task, open)),
      );
    },
    getTask: ({ path: { session_id: sessionId, task_id: taskId } }) => {
      session(sessionId);
      const task = existingTask(store.read.task(taskId), sessionId, taskId);
      return taskView(task, store.read.openTasks(sessionId));
    },
    getTaskOutput: ({ path: { session_id: sessionId, task_id: taskId }, query }) => {
      session(sessionId);
      const { wait, timeout_ms: timeoutMs, tail_bytes: tailBytes, full, offset } = query;
      const parts = [tailBytes, full === 'true' ? full : undefined, offset];
      if (parts.filter((part) => part !== undefined).length > 1) {
        throw new KheishError('api/bad_request', 'Give one of tail_bytes, full and offset.');
      }
      return secondLook(() =>
        tasks.output(sessionId, taskId, {
          ...(wait === 'true' && {
            waitMs: Math.min(Number(timeoutMs ?? DEFAULT_WAIT_MS), MAX_WAIT_MS),
          }),
          ...(tailBytes !== undefined && { tailBytes: Number(tailBytes) }),
          ...(full === 'true' && { full: true }),
          ...(offset !== undefined && { offset: Number(offset) }),
        }),
      );
    },
    stopTask: async ({ path: { session_id: sessionId, task_id: taskId }, body, idempotency }) => {
      session(sessionId);
      return answered(await tasks.stop(sessionId, taskId, body.reason, idempotency));
    },
  };
}
