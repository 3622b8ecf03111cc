import { type Clock, type EventOf, isEnded } from '@kheish/core-model';
import type { RecordedRow, Store } from '@kheish/state-store';

/** Those who wait for the end of a task. */
export class TaskEnds {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();
  #closed = false;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  follow(rows: readonly RecordedRow[]): void {
    if (this.#waiting.size === 0) return;
    for (const row of rows) {
      if (row.type !== 'task_settled' && row.type !== 'task_deleted') continue;
      const { task_id: taskId } = JSON.parse(row.body) as EventOf<'task_settled' | 'task_deleted'>;
      for (const wake of this.#waiting.get(taskId) ?? []) wake();
    }
  }

  /** Nobody waits any longer. */
  close(): void {
    for (const waiting of this.#waiting.values()) for (const wake of waiting) wake();
    this.#closed = true;
  }

  /** Resolves when the task has ended or is gone, or the time is over; rejects where the signal aborts. */
  async wait(taskId: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const task = this.#store.read.task(taskId);
    if (task === undefined || isEnded(task.status) || timeoutMs === 0 || this.#closed) return;
    const ended = Promise.withResolvers<void>();
    const own = this.#waiting.get(taskId) ?? new Set();
    this.#waiting.set(taskId, own.add(ended.resolve));
    const over = new AbortController();
    const stop = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
    try {
      await Promise.race([ended.promise, this.#clock.sleep(timeoutMs, stop)]);
    } finally {
      own.delete(ended.resolve);
      if (own.size === 0) this.#waiting.delete(taskId);
      over.abort();
    }
  }
}
