import { describe, expect, test } from 'vitest';
import { Simulation, said } from '../testing/simulation.ts';
import { createSession, setRoutePolicy } from './session-decisions.ts';

function create(daemon: Simulation, request: { thread_id?: string; system_prompt?: string }) {
  return daemon.state.commit({ session: 's' }, (state) =>
    createSession(state, { session_id: 's', ...request }, daemon.rules.newId),
  );
}

describe('creating a session', () => {
  test('of an id that exists gives that one, if it was asked for in the same words', () => {
    const daemon = new Simulation();
    const first = create(daemon, { thread_id: 't', system_prompt: 'p' });
    expect(create(daemon, { thread_id: 't', system_prompt: 'p' })).toEqual(first);
    expect(create(daemon, {})).toEqual(first);
    expect(daemon.state.journal).toHaveLength(1);
    for (const other of [{ thread_id: 'x' }, { system_prompt: 'x' }]) {
      expect(() => create(daemon, other)).toThrow(
        expect.objectContaining({ code: 'sessions/session_conflict' }),
      );
    }
  });

  test('of an id that was deleted is refused', () => {
    const daemon = new Simulation();
    create(daemon, {});
    daemon.delete('s');
    expect(() => create(daemon, {})).toThrow(
      expect.objectContaining({ code: 'sessions/session_deleted' }),
    );
  });
});

describe.each(['end', 'delete'] as const)('to %s a session', (act) => {
  test('is refused while a run is active', () => {
    const daemon = new Simulation();
    daemon.create('s');
    daemon.submit('s');
    expect(() => daemon[act]('s')).toThrow(
      expect.objectContaining({ code: 'sessions/session_busy' }),
    );
  });

  test('cancels every run that waits', () => {
    const daemon = new Simulation();
    daemon.create('s');
    daemon.draining = true;
    for (let n = 0; n < 3; n += 1) daemon.submit('s');
    daemon[act]('s');
    expect(daemon.runs().map((run) => run.status)).toEqual(
      Array.from({ length: 3 }, () => 'cancelled'),
    );
    expect(daemon.state.session('s').queued_run_ids).toEqual([]);
  });

  test('keeps new input out', () => {
    const daemon = new Simulation();
    daemon.create('s');
    daemon[act]('s');
    const code = act === 'end' ? 'sessions/session_ended' : 'sessions/session_not_found';
    expect(() => daemon.submit('s')).toThrow(expect.objectContaining({ code }));
  });
});

test('ending an ended session changes nothing; deleting it is possible', () => {
  const daemon = new Simulation();
  daemon.create('s');
  daemon.end('s');
  daemon.end('s');
  expect(daemon.state.journal).toHaveLength(2);
  daemon.delete('s');
  expect(daemon.state.session('s').status).toBe('deleted');
});

test('a policy is set, dropped, and not dropped twice', () => {
  const daemon = new Simulation();
  daemon.create('s');
  const set = (policy: { route_id: string } | null) =>
    daemon.state.commit({ session: 's' }, (state) => setRoutePolicy(state, 's', policy));
  expect(set({ route_id: 'x' }).route_policy).toEqual({ route_id: 'x' });
  expect(set(null)).not.toHaveProperty('route_policy');
  expect(set(null)).not.toHaveProperty('route_policy');
  expect(daemon.state.journal).toHaveLength(3);
});

test('a session that is done with its runs can be ended', () => {
  const daemon = new Simulation();
  daemon.create('s');
  const run = daemon.submit('s');
  daemon.settleModel(run, run.open_actions[0]?.action_id ?? '', said('done'));
  daemon.end('s');
  expect(daemon.state.session('s').status).toBe('ended');
});
