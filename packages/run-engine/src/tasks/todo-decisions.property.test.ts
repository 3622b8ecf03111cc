import { KheishError, type TaskState, isEnded } from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryState } from '../testing/memory-state.ts';
import { settleShell, startShell } from './shell-decisions.ts';
import { createTodo, deleteTask, stopTask, updateTask } from './todo-decisions.ts';

const load = { session: 's' };
const call = { run_id: 'run_1', action_id: 'action_1' };

/** Tasks t0, t1 ... of one session. */
class Session {
  readonly memory = new MemoryState();
  #count = 0;

  constructor() {
    this.memory.commit(load, (state) =>
      state.record({ type: 'session_created', session_id: 's', agent_id: 'a' }),
    );
  }

  create(blockedBy: readonly string[] = []): TaskState {
    const taskId = `t${this.#count}`;
    const made = this.memory.commit(load, (state) =>
      createTodo(
        state,
        { sessionId: 's', taskId, agentId: 'a', call },
        { title: 'x', description: '', status: 'pending', blockedBy },
      ),
    );
    this.#count += 1;
    return made;
  }

  shell(): TaskState {
    const taskId = `t${this.#count}`;
    this.#count += 1;
    const own = { sessionId: 's', taskId, agentId: 'a', call, title: 'x', description: '' };
    this.memory.commit(load, (state) =>
      startShell(state, { ...own, command: 'x', incarnation: 1 }),
    );
    return this.task(taskId);
  }

  update(taskId: string, change: Parameters<typeof updateTask>[3]): TaskState {
    return this.memory.commit(load, (state) => updateTask(state, 's', taskId, change, call));
  }

  task(taskId: string): TaskState {
    const task = this.memory.tables.tasks.get(taskId);
    if (task === undefined) throw new Error(`there is no ${taskId}`);
    return task;
  }

  get tasks(): TaskState[] {
    return [...this.memory.tables.tasks.values()];
  }
}

const refused = (code: string) => expect.objectContaining({ code }) as Error;

function waitsForItself(tasks: readonly TaskState[]): boolean {
  const blockers = new Map(tasks.map((task) => [task.task_id, task.blocked_by]));
  const reaches = (from: string, to: string, seen: Set<string>): boolean =>
    (blockers.get(from) ?? []).some((next) => {
      if (next === to) return true;
      if (seen.has(next)) return false;
      seen.add(next);
      return reaches(next, to, seen);
    });
  return tasks.some(({ task_id: id }) => reaches(id, id, new Set()));
}

describe('tasks under any commands', () => {
  const name = fc.integer({ min: 0, max: 6 }).map((number) => `t${number}`);
  const names = fc.array(name, { maxLength: 3 });
  const status = fc.constantFrom(
    'pending',
    'in_progress',
    'blocked',
    'completed',
    'failed',
    'cancelled',
  );
  const command = fc.oneof(
    fc.record({ do: fc.constant('create' as const), blockedBy: names }),
    fc.record({ do: fc.constant('block' as const), name, blockedBy: names }),
    fc.record({ do: fc.constant('move' as const), name, status }),
    fc.record({ do: fc.constant('delete' as const), name }),
    fc.record({ do: fc.constant('stop' as const), name }),
  );

  test('none waits for itself, none begins before what it waits for, and what ended stays [holds tasks.no_cycles]', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const session = new Session();
        const ended = new Map<string, TaskState>();
        for (const step of commands) {
          try {
            if (step.do === 'create') session.create(step.blockedBy);
            else if (step.do === 'block') session.update(step.name, { blockedBy: step.blockedBy });
            else if (step.do === 'move') session.update(step.name, { status: step.status });
            else {
              session.memory.commit(load, (state) => {
                if (step.do === 'delete') deleteTask(state, 's', step.name);
                else stopTask(state, 's', step.name, undefined);
              });
              if (step.do === 'delete') ended.delete(step.name);
            }
          } catch (error) {
            if (!(error instanceof KheishError)) throw error;
          }
          const { tasks } = session;
          expect(waitsForItself(tasks)).toBe(false);
          for (const task of tasks) {
            const waits = task.blocked_by.some((id) => session.task(id).status !== 'completed');
            if (!isEnded(task.status) && waits) expect(task.status).toBe('blocked');
            if (task.status === 'completed') expect(waits).toBe(false);
            const before = ended.get(task.task_id);
            if (before !== undefined) expect(task).toEqual(before);
            if (isEnded(task.status)) ended.set(task.task_id, task);
          }
        }
      }),
    );
  });
});

describe('a task', () => {
  test('that waits for three begins with the last of them', () => {
    const session = new Session();
    const [a, b] = [session.create(), session.create()];
    const shell = session.shell();
    const ids = [a, b, shell].map(({ task_id: id }) => id);
    const waiting = session.create(ids);
    session.update(a.task_id, { status: 'completed' });
    session.update(b.task_id, { status: 'completed' });
    expect(session.task(waiting.task_id).status).toBe('blocked');
    session.memory.commit(load, (state) =>
      settleShell(state, 's', shell.task_id, {
        report: { death: 'proven', exit_code: 0 },
        output: '',
        excerpt: '',
        totalBytes: 0,
        rotations: 0,
      }),
    );
    expect(session.task(waiting.task_id).status).toBe('pending');
  });

  test('whose blocker failed waits on, until it is told to wait for nothing', () => {
    const session = new Session();
    const blocker = session.create();
    const waiting = session.create([blocker.task_id]);
    session.update(blocker.task_id, { status: 'failed' });
    expect(session.task(waiting.task_id).status).toBe('blocked');
    expect(session.update(waiting.task_id, { blockedBy: [] }).status).toBe('pending');
  });

  test('waits for no stranger: another session has tasks of its own', () => {
    const session = new Session();
    session.memory.tables.tasks.set('other', { ...session.create(), session_id: 'another' });
    expect(() => session.create(['other'])).toThrow(refused('tasks/task_not_found'));
    expect(() => session.update('other', { title: 'y' })).toThrow(refused('tasks/task_not_found'));
  });

  test('that waits cannot be said to be done, nor that a command is', () => {
    const session = new Session();
    const blocker = session.create();
    const waiting = session.create([blocker.task_id]);
    for (const status of ['pending', 'in_progress', 'completed'] as const) {
      expect(() => session.update(waiting.task_id, { status })).toThrow(
        refused('tasks/task_state_conflict'),
      );
    }
    const shell = session.shell();
    expect(() => session.update(shell.task_id, { status: 'completed' })).toThrow(
      refused('tasks/task_state_conflict'),
    );
    expect(session.update(shell.task_id, { title: 'y' })).toMatchObject({ title: 'y' });
  });

  test('that others name, or that runs, is not deleted', () => {
    const session = new Session();
    const blocker = session.create();
    session.create([blocker.task_id]);
    const shell = session.shell();
    for (const { task_id: id } of [blocker, shell]) {
      const remove = () => session.memory.commit(load, (state) => deleteTask(state, 's', id));
      expect(remove).toThrow(refused('tasks/task_state_conflict'));
    }
  });

  test('is one too many after a thousand that are open', () => {
    const session = new Session();
    for (let count = 0; count < 1_000; count += 1) session.create();
    expect(() => session.create()).toThrow(refused('tasks/too_many_tasks'));
    session.update('t7', { status: 'completed' });
    expect(session.create().status).toBe('pending');
  });
});
