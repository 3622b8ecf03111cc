import type { SessionState } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { created, recording } from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import { Aggregates } from './aggregates.ts';

function tableOf(sessions: Record<string, string>) {
  const asked: string[] = [];
  const get = (id: string) => {
    asked.push(id);
    const state = sessions[id];
    return state === undefined ? undefined : { state, seq: 1 };
  };
  return { asked, rows: { session: { get }, run: { get: () => undefined } } };
}

const stateOf = (session_id: string, text = '') =>
  ({ session_id, text }) as unknown as SessionState;

describe('what is kept', () => {
  test('is read once, and as it was written last', () => {
    const aggregates = new Aggregates();
    const { asked, rows } = tableOf({ a: '{"session_id":"a"}' });
    expect(aggregates.session('none', rows)).toBeUndefined();
    expect(aggregates.session('a', rows)).toEqual({ state: { session_id: 'a' }, seq: 1 });
    aggregates.putSession({ state: stateOf('a', 'new'), seq: 2 }, 10);
    expect(aggregates.session('a', rows)).toEqual({ state: stateOf('a', 'new'), seq: 2 });
    expect(asked).toEqual(['none', 'a']);
    aggregates.forget();
    expect(aggregates.session('a', rows)?.seq).toBe(1);
  });

  test('is bounded by what it came from: who was not used for longest goes', () => {
    const aggregates = new Aggregates();
    const { asked, rows } = tableOf({ a: '{}', b: '{}', c: '{}' });
    const size = 400_000;
    for (const id of ['a', 'b']) aggregates.putSession({ state: stateOf(id), seq: 1 }, size);
    aggregates.session('a', rows);
    aggregates.putSession({ state: stateOf('c'), seq: 1 }, size);
    for (const id of ['a', 'c', 'b']) aggregates.session(id, rows);
    expect(asked).toEqual(['b']);
  });
});

describe('what did not come to be', () => {
  test('is not read after an error of the disk', async () => {
    await using root = new TemporaryRoot();
    let fails = false;
    const store = root.open({
      reach: (point) => {
        if (point === 'commit.applied' && fails) {
          throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_WRITE' });
        }
      },
    });
    await store.commit(recording('a', created('a')));
    fails = true;
    const lost = { type: 'session_ended', session_id: 'a' } as const;
    await expect(store.commit(recording('a', lost))).rejects.toThrow('disk I/O error');
    await expect(store.commit(recording('b', created('b')))).rejects.toThrow();
    expect(store.read.session('a')?.status).toBe('open');
    expect(store.read.session('b')).toBeUndefined();
  });

  test('is not read after a member of a group broke', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await store.commit(recording('a', created('a')));
    const results = await Promise.allSettled([
      store.commit(recording('b', created('b'))),
      // Its second session is in the table already, and was not loaded.
      store.commit({ load: {}, decide: (state) => state.record(created('c'), created('a', 'x')) }),
      store.commit(recording('b', { type: 'session_ended', session_id: 'b' })),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(store.read.session('a')).not.toHaveProperty('system_prompt');
    expect(store.read.session('b')?.status).toBe('ended');
    expect(store.read.session('c')).toBeUndefined();
  });
});
