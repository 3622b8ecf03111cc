import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { eraseEvent } from '../journal/erase-event.ts';
import { freeze, taskSamples } from '../testing/sample-events.ts';
import { evolveTask } from './evolve-task.ts';
import { type TaskEvent } from './task-events.ts';
import { type TaskState, eraseTask, isLiveShell } from './task.ts';

const samples = taskSamples satisfies Record<string, TaskEvent>;
const all: readonly TaskEvent[] = Object.values(samples);

function after(...events: readonly TaskEvent[]): TaskState | undefined {
  let task: TaskState | undefined;
  for (const event of events) task = evolveTask(task && freeze(task), event, 7);
  return task;
}

const { created, shellCreated, updated, started, stopRequested, settled, shellSettled, deleted } =
  samples;
const renamed = {
  type: 'task_updated',
  session_id: 's',
  task_id: 'task_1',
  title: 'other',
} as const;

/** What each state takes; it throws on all else. */
const states: readonly [string, readonly TaskEvent[], readonly TaskEvent[]][] = [
  ['nothing', [], [created, shellCreated]],
  ['a todo', [created], [updated, renamed, stopRequested, settled, deleted]],
  ['a todo that is to stop', [created, stopRequested], [updated, renamed, settled, deleted]],
  ['a todo that has ended', [created, settled], [deleted]],
  ['a shell', [shellCreated], [renamed, started, stopRequested, shellSettled]],
  ['a shell that runs', [shellCreated, started], [renamed, stopRequested, shellSettled]],
  ['a shell that is to stop', [shellCreated, started, stopRequested], [renamed, shellSettled]],
  ['a shell that has ended', [shellCreated, started, shellSettled], [deleted]],
  ['a deleted task', [created, deleted], [created, shellCreated]],
];

test.each(states)('%s takes what it may, and throws on the rest', (_name, before, taken) => {
  const task = after(...before);
  for (const event of [...all, renamed]) {
    const evolve = () => evolveTask(task, event, 9);
    if (taken.includes(event)) expect(evolve, event.type).not.toThrow();
    else expect(evolve, event.type).toThrow(/task/);
  }
});

test('a shell is live from its creation to its end', () => {
  expect(isLiveShell(after(shellCreated) as TaskState)).toBe(true);
  expect(after(shellCreated, started)).toMatchObject({
    status: 'in_progress',
    incarnation: 1,
    process: { pid: 7 },
  });
  expect(isLiveShell(after(shellCreated, started) as TaskState)).toBe(true);
  expect(isLiveShell(after(shellCreated, started, shellSettled) as TaskState)).toBe(false);
  expect(isLiveShell(after(created) as TaskState)).toBe(false);
});

test('what an update does not name stays', () => {
  expect(after(created, renamed)).toEqual({ ...after(created), title: 'other' });
});

test('an erased journal makes the erased task, whatever happened', () => {
  const steps = fc.array(fc.constantFrom(...all), { maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(created, shellCreated), steps, (first, rest) => {
      let told = after(first);
      const taken: TaskEvent[] = [first];
      for (const event of rest) {
        try {
          told = evolveTask(told, event, 7);
          taken.push(event);
        } catch {
          // It cannot follow.
        }
      }
      const erased = told && eraseTask(told);
      expect(JSON.stringify(erased ?? null)).not.toContain('said');
      expect(after(...taken.map((event) => eraseEvent(event)))).toEqual(erased);
      expect(erased && eraseTask(erased)).toEqual(erased);
    }),
  );
});
