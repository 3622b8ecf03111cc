import type { AuthFailure } from '@kheish/core-model';
import type { Store } from '@kheish/state-store';
import { expect, test } from 'vitest';
import { AuthFailureLog } from './auth-failure-log.ts';

const failure = (path: string, event: AuthFailure['event'] = 'auth_failure'): AuthFailure => ({
  timestamp_ms: 1,
  event,
  method: 'GET',
  path,
  reason: 'missing_token',
  remote_addr: '127.0.0.1',
});

/** A log over a disk whose commits end when they are told to, one way or the other. */
function logOn() {
  const written: string[][] = [];
  const warned: string[] = [];
  let next = Promise.withResolvers<void>();
  const commit: Store['commit'] = async (command) => {
    const notes: string[] = [];
    command.decide({
      noteAuthFailures: (all: AuthFailure[]) => notes.push(...all.map(({ path }) => path)),
    } as never);
    const disk = next;
    await disk.promise;
    written.push(notes);
    return undefined as never;
  };
  const say = (_facts: object, message: string) => warned.push(message);
  const log = { info: say, warn: say, error: say };
  const redactor = { redact: (text: string) => text.replaceAll('secret', '[redacted]') };
  const notes = new AuthFailureLog({ commit } as unknown as Store, redactor, log);
  const settle = (how: 'resolve' | 'reject') => {
    const before = next;
    next = Promise.withResolvers();
    if (how === 'resolve') before.resolve();
    else before.reject(new Error('no disk'));
  };
  return { notes, written, warned, settle };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

test('what comes while one commit is under way goes into the next, redacted', async () => {
  const { notes, written, settle } = logOn();
  for (const path of ['/1', '/2', '/secret']) notes.note(failure(path));
  settle('resolve');
  await turns();
  settle('resolve');
  await notes.settled();
  expect(written).toEqual([['/1'], ['/2', '/[redacted]']]);
});

test('a disk that fails is said, stops nobody, and what comes later is written', async () => {
  const { notes, written, warned, settle } = logOn();
  notes.note(failure('/1'));
  settle('reject');
  await notes.settled();
  expect(warned).toEqual(['who was not let in could not be recorded']);
  notes.note(failure('/2'));
  settle('resolve');
  await notes.settled();
  expect(written).toEqual([['/2']]);
});

test('a disk that hangs does not fill the memory', async () => {
  const { notes, written, settle } = logOn();
  for (let n = 0; n < 5_000; n += 1) notes.note(failure(`/${n}`));
  settle('resolve');
  await turns();
  settle('resolve');
  await notes.settled();
  expect(written.map(({ length }) => length)).toEqual([1, 1_000]);
});

test('only that there are many is logged', async () => {
  const { notes, warned, settle } = logOn();
  notes.note(failure('/1'));
  notes.note(failure('/1', 'auth_rate_limited'));
  expect(warned.length).toBe(1);
  settle('resolve');
  await turns();
  settle('resolve');
  await notes.settled();
});
