import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DomainEvent } from '../journal/events.ts';
import { freeze, runEvents, sampleEvents } from '../testing/sample-events.ts';
import { runIn } from '../testing/sample-runs.ts';
import { eraseRun, evolveRun } from './evolve-run.ts';
import { RunStatus, isTerminal, mayFollow, runTransitions } from './run-status.ts';
import { type RunState, modelInUse } from './run.ts';

const statuses = RunStatus.options;
const becoming = {
  running: runEvents.started,
  completed: runEvents.completed,
  failed: runEvents.failed,
  interrupted: runEvents.interrupted,
  cancelled: runEvents.cancelled,
};

/** The run with nothing open that somebody could answer. */
function unasked(run: RunState): RunState {
  const { approvals, questions } = run;
  const events = [
    ...approvals.map(({ id }) => ({ ...runEvents.approvalVoided, request_id: id })),
    ...questions.map(({ id }) => ({ ...runEvents.questionVoided, request_id: id })),
  ];
  return events.reduce((state, event) => evolveRun(state, event, 9), run);
}

describe('the states of a run', () => {
  const pairs = statuses.flatMap((from) =>
    (Object.keys(becoming) as (keyof typeof becoming)[]).map((to) => [from, to] as const),
  );

  test.each(pairs)('%s to %s is possible where it is listed, and nowhere else', (from, to) => {
    const listed: Record<string, readonly string[]> = {
      queued: ['running', 'failed', 'cancelled'],
      running: ['completed', 'failed', 'interrupted', 'cancelled'],
      waiting_for_approval: ['running', 'failed', 'interrupted', 'cancelled'],
      waiting_for_user_question: ['running', 'failed', 'interrupted', 'cancelled'],
    };
    const possible = (listed[from] ?? []).includes(to);
    expect(mayFollow(from, to)).toBe(possible);
    const evolve = () => evolveRun(unasked(runIn(from)), becoming[to], 9);
    if (possible) {
      expect(evolve()).toMatchObject({ status: to, updated_at_ms: 9 });
      expect('finished_at_ms' in evolve()).toBe(to !== 'running');
    } else expect(evolve).toThrow(`${from} may not become ${to}`);
  });

  test('nothing becomes queued, and what is over stays so', () => {
    for (const from of statuses) {
      expect(mayFollow(from, 'queued')).toBe(false);
      expect(isTerminal(from)).toBe(runTransitions[from].length === 0);
    }
    expect(statuses.filter(isTerminal)).toEqual([
      'completed',
      'failed',
      'interrupted',
      'cancelled',
    ]);
  });

  test.each(statuses.filter((status) => status !== 'running'))(
    'a run that is %s begins no action, is not taken over and not asked to stop',
    (status) => {
      for (const event of [runEvents.intended, runEvents.recovered, runEvents.stop]) {
        expect(() => evolveRun(runIn(status), event, 9)).toThrow(`${event.type} while it is`);
      }
      expect(() => evolveRun(runIn(status), runEvents.settled, 9)).toThrow('is not open');
    },
  );

  test('a run with an open action cannot end', () => {
    const busy = evolveRun(runIn('running'), runEvents.intended, 2);
    for (const [status, event] of Object.entries(becoming)) {
      if (status === 'running') continue;
      expect(() => evolveRun(busy, event, 3)).toThrow(`${status} while 1 actions are open`);
    }
    const settled = evolveRun(busy, runEvents.settled, 3);
    expect(evolveRun(settled, runEvents.completed, 4).status).toBe('completed');
  });

  test('a run that was asked to stop cannot complete', () => {
    const stopping = evolveRun(runIn('running'), runEvents.stop, 5);
    expect(stopping.stop).toEqual({ as: 'cancelled', at_ms: 5 });
    expect(() => evolveRun(stopping, runEvents.completed, 6)).toThrow('after a stop request');
    expect(evolveRun(stopping, runEvents.cancelled, 6).status).toBe('cancelled');
  });

  test('a running run falls back once, and says why', () => {
    const run = evolveRun(runIn('running'), runEvents.fellBack, 5);
    const { model, error } = runEvents.fellBack;
    expect(run.fallback).toEqual({ model, error });
    expect([modelInUse(runIn('running')), modelInUse(run)]).toEqual(['small', 'large']);
    expect(() => evolveRun(run, runEvents.fellBack, 6)).toThrow('fell back before');
    expect(() => evolveRun(runIn('queued'), runEvents.fellBack, 6)).toThrow('while it is queued');
    expect(eraseRun(run).fallback).toEqual({ model, error: { ...error, detail: '' } });
  });

  test('a run is accepted once, and nothing happens to one that was not', () => {
    expect(() => evolveRun(runIn('queued'), runEvents.accepted, 2)).toThrow('accepted twice');
    for (const event of Object.values(becoming)) {
      expect(() => evolveRun(undefined, event, 2)).toThrow('does not exist');
    }
    const other: DomainEvent = { type: 'session_deleted', session_id: 's' };
    expect(() => evolveRun(runIn('queued'), other, 2)).toThrow('not an event of a run');
  });
});

test('a run begins queued, with what was asked and nothing done', () => {
  const { request, route } = runEvents.accepted;
  expect(evolveRun(undefined, runEvents.accepted, 1)).toStrictEqual({
    run_id: 'run_1',
    session_id: 's',
    agent_id: 'agent_1',
    kind: 'input',
    status: 'queued',
    request,
    route,
    submitted_at_ms: 1,
    updated_at_ms: 1,
    step: 0,
    recoveries: 0,
    approvals: [],
    questions: [],
    open_actions: [],
    outputs: [],
  });
});

describe('actions', () => {
  test('are open from their intent to their outcome, each by its own id', () => {
    const second = { ...runEvents.intended, action_id: 'action_2', tool_call_id: 'call_2' };
    let run = evolveRun(runIn('running'), runEvents.intended, 2);
    run = evolveRun(run, second, 3);
    expect(run.open_actions.map((action) => action.action_id)).toEqual(['action_1', 'action_2']);
    run = evolveRun(run, runEvents.settled, 4);
    expect(run.open_actions).toMatchObject([{ action_id: 'action_2', tool_call_id: 'call_2' }]);
    expect(() => evolveRun(run, runEvents.settled, 5)).toThrow('action_1 is not open');
  });

  test('add up what they used', () => {
    let run = runIn('running');
    for (let n = 0; n < 3; n += 1) {
      run = evolveRun(run, runEvents.intended, 2);
      run = evolveRun(run, runEvents.settled, 3);
    }
    expect(run.usage).toEqual({ input_tokens: 30, output_tokens: 6, cached_input_tokens: 12 });
  });
});

describe('takeovers', () => {
  test('count after a crash, until an action succeeds or fails', () => {
    let run = evolveRun(runIn('running'), runEvents.intended, 2);
    run = evolveRun(run, runEvents.recovered, 3);
    run = evolveRun(run, { ...runEvents.recovered, incarnation: 3 }, 4);
    expect(run).toMatchObject({ recoveries: 2, incarnation: 3 });
    for (const outcome of ['unknown_outcome', 'aborted'] as const) {
      expect(evolveRun(run, { ...runEvents.settled, outcome }, 5).recoveries).toBe(2);
    }
    for (const outcome of ['succeeded', 'failed'] as const) {
      expect(evolveRun(run, { ...runEvents.settled, outcome }, 5).recoveries).toBe(0);
    }
  });

  test('do not count after an orderly stop', () => {
    const graceful = { ...runEvents.recovered, after_crash: false };
    expect(evolveRun(runIn('running'), graceful, 3)).toMatchObject({
      recoveries: 0,
      incarnation: 2,
    });
  });
});

test('evolving changes neither its run nor its event, gives the same twice, and what JSON can keep', () => {
  const event = fc.constantFrom(...sampleEvents.filter((each) => 'run_id' in each));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (events) => {
      let run: RunState | undefined;
      for (const [atMs, next] of events.entries()) {
        const frozen = freeze(run);
        let once: RunState | undefined;
        try {
          once = evolveRun(frozen, freeze(next), atMs);
        } catch (error) {
          expect(error).not.toBeInstanceOf(TypeError);
          expect(() => evolveRun(frozen, next, atMs)).toThrow((error as Error).message);
          continue;
        }
        expect(evolveRun(frozen, next, atMs)).toEqual(once);
        expect(JSON.parse(JSON.stringify(once))).toStrictEqual(once);
        run = once;
      }
    }),
  );
});

test('erasing a run keeps what it is and takes what was said, once and for all', () => {
  const run = {
    ...runIn('completed'),
    error: { domain: 'models', code: 'refused', detail: 'said' },
  };
  const erased = eraseRun(run);
  expect(JSON.stringify(erased)).not.toContain('said');
  expect(erased).toMatchObject({ run_id: 'run_1', status: 'completed', route: run.route });
  expect(erased.error).toEqual({ domain: 'models', code: 'refused', detail: '' });
  expect(erased.outputs).toMatchObject([{ source_kind: 'assistant_text', content: { bytes: 15 } }]);
  expect(eraseRun(runIn('queued'))).not.toHaveProperty('error');
  expect(eraseRun(erased)).toEqual(erased);
});
