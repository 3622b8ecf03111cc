import type { DomainEvent, TaskStatus } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import type { Store } from '../store.ts';
import { created, recording } from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';

const call = { run_id: 'run_1', action_id: 'a1' };

function todo(sessionId: string, taskId: string, title = 'x'): DomainEvent {
  return {
    type: 'task_created',
    session_id: sessionId,
    task_id: taskId,
    kind: 'todo',
    title,
    description: title,
    status: 'pending',
    blocked_by: [],
    owner_agent_id: 'agent',
    call,
  };
}

const ofTask = (taskId: string) => ({ session_id: 's', task_id: taskId });
const ends = (taskId: string, status: 'completed' | 'failed'): DomainEvent => ({
  type: 'task_settled',
  ...ofTask(taskId),
  status,
});

async function opened(root: TemporaryRoot): Promise<Store> {
  const store = root.open();
  await store.commit(recording('s', created('s'), todo('s', 't1'), todo('s', 't2')));
  await store.commit(recording('other', created('other'), todo('other', 'x1')));
  await store.commit(recording('s', todo('s', 't3'), ends('t1', 'completed')));
  return store;
}

const idsOf = (store: Store, options: { status?: TaskStatus; after?: number; limit?: number }) =>
  store.read.tasks({ sessionId: 's', limit: 9, ...options }).map(({ task }) => task.task_id);

describe('tasks', () => {
  test('are listed in order of creation, by status and in pages, each in its session', async () => {
    await using root = new TemporaryRoot();
    const store = await opened(root);
    expect(idsOf(store, {})).toEqual(['t1', 't2', 't3']);
    expect(idsOf(store, { status: 'pending' })).toEqual(['t2', 't3']);
    const [first] = store.read.tasks({ sessionId: 's', limit: 1 });
    expect(idsOf(store, { after: first?.position ?? 0, limit: 1 })).toEqual(['t2']);
    const [pending] = store.read.tasks({ sessionId: 's', status: 'pending', limit: 1 });
    const after = pending?.position ?? 0;
    expect(idsOf(store, { status: 'pending', after })).toEqual(['t3']);
    expect(store.read.openTasks('s').map(({ task_id: id }) => id)).toEqual(['t2', 't3']);
    expect(store.read.taskCounts().toSorted((a, b) => a.count - b.count)).toEqual([
      { status: 'completed', count: 1 },
      { status: 'pending', count: 3 },
    ]);
  });

  test('are seen by a decision with what it has recorded itself', async () => {
    await using root = new TemporaryRoot();
    const store = await opened(root);
    const seen = await store.commit({
      load: { session: 's' },
      decide: (state) => {
        state.record(todo('s', 't4'), ends('t2', 'failed'), todo('s', 't5'));
        state.record({ type: 'task_deleted', ...ofTask('t5') });
        const open = state.openTasks('s').map(({ task_id: id }) => id);
        return [open, state.task('t2')?.status, state.task('t5'), state.task('x1')?.session_id];
      },
    });
    expect(seen).toEqual([['t3', 't4'], 'failed', undefined, 'other']);
    expect(idsOf(store, {})).toEqual(['t1', 't2', 't3', 't4']);
    expect((await store.verify()).findings).toEqual([]);
  });

  test('that are deleted are gone, and not counted', async () => {
    await using root = new TemporaryRoot();
    const store = await opened(root);
    await store.commit(recording('s', { type: 'task_deleted', ...ofTask('t1') }));
    expect(store.read.task('t1')).toBeUndefined();
    expect(store.read.taskCounts()).toEqual([{ status: 'pending', count: 3 }]);
    expect((await store.verify()).findings).toEqual([]);
  });

  test('of which nothing is left when a decision is refused', async () => {
    await using root = new TemporaryRoot();
    const store = await opened(root);
    const refused = store.commit({
      load: { session: 's' },
      decide: (state) => {
        state.record(ends('t2', 'failed'));
        throw new Error('no');
      },
    });
    await expect(refused).rejects.toThrow('no');
    expect(store.read.task('t2')?.status).toBe('pending');
  });

  test.each([
    ['changed', `UPDATE session_tasks SET state = json_set(state, '$.title', 'y')`],
    ['under another status', `UPDATE session_tasks SET status = 'failed'`],
    ['of another kind', `UPDATE session_tasks SET kind = 'shell'`],
    ['of another version', `UPDATE session_tasks SET seq = 1`],
    ['at another place', `UPDATE session_tasks SET first_seq = 99`],
    ['no JSON', `UPDATE session_tasks SET state = '{'`],
    ['missing', `DELETE FROM session_tasks`],
  ])('that are %s are found by verify', async (_, damage) => {
    await using root = new TemporaryRoot();
    const store = await opened(root);
    root.sql(`${damage} WHERE task_id = 't2'`);
    const { findings } = await store.verify();
    expect(findings.map(({ check, subject }) => [check, subject])).toEqual([['task', 't2']]);
  });

  test('of an erased session say nothing any more', async () => {
    await using root = new TemporaryRoot();
    const store = await opened(root);
    const long = await store.blobs.prepare('s', 'canary '.repeat(20_000));
    await store.commit({
      ...recording(
        's',
        todo('s', 't6', 'canary'),
        { type: 'task_stop_requested', ...ofTask('t6'), reason: 'canary' },
        { type: 'task_settled', ...ofTask('t6'), status: 'cancelled', output: long.body },
      ),
      blobs: long.blobs,
    });
    expect((await store.verify()).findings).toEqual([]);
    await store.commit(recording('s', { type: 'session_deleted', session_id: 's' }));
    expect((await store.verify()).findings).toEqual([]);
    const rows = root.rows<{ text: string }>(
      'SELECT state text FROM session_tasks UNION ALL SELECT body FROM journal',
    );
    expect(rows.filter(({ text }) => text.includes('canary'))).toEqual([]);
    expect(store.read.task('t6')).toMatchObject({ status: 'cancelled', title: '' });
    await store.close();
  });
});
