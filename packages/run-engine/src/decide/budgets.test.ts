import {
  type Budgets,
  type RunState,
  type Usage,
  firstRevision,
  utcDayOf,
} from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Simulation, calls, said } from '../testing/simulation.ts';
import type { ModelOutcome } from './settle-model-call.ts';

const generation = { max_output_tokens: 100 };

function daemonWith(budgets: Budgets): Simulation {
  const daemon = new Simulation();
  for (const id of ['s', 't']) daemon.create(id);
  allow(daemon, budgets);
  return daemon;
}

function allow(daemon: Simulation, budgets: Budgets): void {
  const { revision, config } = daemon.state.revision;
  daemon.state.revision = { revision: revision + 1, config: { ...config, budgets } };
}

const submit = (daemon: Simulation, session = 's') =>
  daemon.submit(session, 'main', undefined, generation);
const now = (daemon: Simulation, run: RunState) => daemon.state.run(run.run_id);

function settle(daemon: Simulation, run: RunState, outcome: ModelOutcome): RunState {
  const [open] = now(daemon, run).open_actions;
  daemon.settleModel(now(daemon, run), open?.action_id ?? '', outcome);
  return now(daemon, run);
}

const spending = (outcome: ModelOutcome, usage: Usage, costUsdMicros?: number): ModelOutcome =>
  ({
    ...outcome,
    usage,
    ...(costUsdMicros !== undefined && { costUsdMicros }),
  }) as ModelOutcome;

const day = (daemon: Simulation) => daemon.state.days.get(utcDayOf(daemon.state.atMs));

describe('a call', () => {
  test('puts aside what it may need before it is made, and gives back what it did not use', () => {
    const daemon = daemonWith({});
    daemon.price = { input: 2, output: 10 };
    const run = submit(daemon);
    const [open] = run.open_actions;
    expect(open?.reservation).toMatchObject({ output_tokens: 100 });
    const { input_tokens: input = 0, usd_micros: usd } = open?.reservation ?? {};
    expect(input).toBeGreaterThanOrEqual('question'.length / 3);
    expect(usd).toBe(input * 2 + 100 * 10);
    expect(day(daemon)?.reserved).toEqual({ tokens: input + 100, usd_micros: usd });
    settle(daemon, run, spending(said('x'), { input_tokens: 7, output_tokens: 3 }, 44));
    expect(day(daemon)).toEqual({
      spent: { tokens: 10, usd_micros: 44 },
      reserved: { tokens: 0, usd_micros: 0 },
    });
    expect(now(daemon, run)).toMatchObject({ cost: { usd_micros: 44, unpriced_calls: 0 } });
  });

  test('of a model without a price is counted in tokens, and said to be without one', () => {
    const daemon = daemonWith({ run: { max_cost_usd: 0.000001 } });
    const run = submit(daemon);
    expect(run.status).toBe('running');
    settle(daemon, run, said('x'));
    expect(now(daemon, run).cost).toEqual({ usd_micros: 0, unpriced_calls: 1 });
    expect(daemon.state.session('s').cost).toEqual({ usd_micros: 0, unpriced_calls: 1 });
  });

  test('that is dropped gives back all', () => {
    const daemon = daemonWith({});
    const run = submit(daemon);
    daemon.cancel(run);
    settle(daemon, run, { outcome: 'aborted' });
    expect(day(daemon)?.reserved).toEqual({ tokens: 0, usd_micros: 0 });
  });
});

describe('a budget without room', () => {
  test.each<[string, Budgets, object]>([
    [
      'of the run',
      { run: { max_tokens: 50 } },
      { budget: 'run', unit: 'tokens', limit: 50, used: 0 },
    ],
    ['of the session', { session: { max_tokens: 50 } }, { budget: 'session', unit: 'tokens' }],
    ['of the day', { day: { max_tokens: 50 } }, { budget: 'day', unit: 'tokens' }],
    ['in money', { run: { max_cost_usd: 0.0005 } }, { unit: 'usd_micros', limit: 500 }],
  ])(
    '%s pauses the run before its call, and asks [holds budgets.pause_and_ask]',
    (_name, budgets, request) => {
      const daemon = daemonWith(budgets);
      daemon.price = { input: 10, output: 10 };
      const run = submit(daemon);
      expect(run).toMatchObject({ status: 'waiting_for_approval', step: 0, open_actions: [] });
      expect(run.approvals).toMatchObject([{ kind: 'budget', ...request }]);
      expect(day(daemon)).toBeUndefined();
    },
  );

  test('pauses between two steps, when what was used leaves too little', () => {
    const daemon = daemonWith({ run: { max_tokens: 300 } });
    const run = submit(daemon);
    settle(daemon, run, spending(calls('repeatable'), { input_tokens: 150, output_tokens: 60 }));
    const [action] = now(daemon, run).open_actions;
    if (action !== undefined) daemon.succeed(now(daemon, run), action);
    expect(now(daemon, run)).toMatchObject({ status: 'waiting_for_approval', step: 1 });
    expect(now(daemon, run).approvals).toMatchObject([{ used: 210, limit: 300 }]);
  });

  test('allowed makes room for the limit once more, and no further', () => {
    const daemon = daemonWith({ run: { max_tokens: 90 } });
    const run = submit(daemon);
    daemon.resolve(run, run.approvals[0]?.id ?? '', 'allow');
    expect(now(daemon, run)).toMatchObject({ status: 'running', extensions: { run: 1 } });
    settle(daemon, run, spending(calls('denied'), { input_tokens: 90, output_tokens: 60 }));
    expect(now(daemon, run)).toMatchObject({ status: 'waiting_for_approval' });
    expect(now(daemon, run).approvals).toMatchObject([{ kind: 'budget', limit: 180, used: 150 }]);
  });

  test('denied ends the run as failed, and the next one begins', () => {
    const daemon = daemonWith({ run: { max_tokens: 50 } });
    const run = submit(daemon);
    const next = submit(daemon);
    daemon.resolve(run, run.approvals[0]?.id ?? '', 'deny');
    const error = { domain: 'budgets', code: 'budget_exceeded' };
    expect(now(daemon, run)).toMatchObject({ status: 'failed', error });
    expect(now(daemon, next).status).toBe('waiting_for_approval');
  });

  test('that nobody makes room in before the request expires fails the run', () => {
    const daemon = daemonWith({ run: { max_tokens: 50 } });
    const run = submit(daemon);
    daemon.expire(run, run.approvals[0]?.id ?? '');
    expect(now(daemon, run)).toMatchObject({ status: 'failed', error: { domain: 'budgets' } });
  });

  test('counts as it is now, not as it was when the run began', () => {
    const daemon = daemonWith({ run: { max_tokens: 50 } });
    const run = submit(daemon);
    allow(daemon, { run: { max_tokens: 5_000 } });
    daemon.resolve(run, run.approvals[0]?.id ?? '', 'allow');
    settle(daemon, run, calls('denied'));
    expect(now(daemon, run)).toMatchObject({ status: 'running', step: 2 });
    allow(daemon, { run: { max_tokens: 60 } });
    settle(daemon, run, spending(calls('denied'), { input_tokens: 60, output_tokens: 60 }));
    expect(now(daemon, run).status).toBe('waiting_for_approval');
  });

  test('of another session or run counts for itself', () => {
    const daemon = daemonWith({ session: { max_tokens: 150 }, run: { max_tokens: 400 } });
    const first = submit(daemon);
    settle(daemon, first, spending(said('x'), { input_tokens: 100, output_tokens: 40 }));
    expect(submit(daemon, 't').status).toBe('running');
    const [request] = submit(daemon).approvals;
    expect(request).toMatchObject({ budget: 'session', used: 140 });
  });
});

test('no two sessions together put aside more than a day has [holds budgets.reserved_before]', () => {
  const amounts = fc.array(
    fc.record({
      session: fc.constantFrom('s', 't'),
      used: fc.nat({ max: 130 }),
      ends: fc.boolean(),
    }),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(amounts, fc.integer({ min: 50, max: 600 }), (turns, limit) => {
      const daemon = daemonWith({ day: { max_tokens: limit } });
      for (const { session, used, ends } of turns) {
        const open = daemon.runs().find((run) => run.session_id === session && run.open_actions[0]);
        if (open === undefined) submit(daemon, session);
        else {
          const [action] = open.open_actions;
          const { input_tokens: input = 0 } = action?.reservation ?? {};
          const usage = { input_tokens: Math.min(used, input), output_tokens: Math.min(used, 100) };
          settle(daemon, open, spending(ends ? said('x') : calls('denied'), usage));
        }
        const { spent, reserved } = day(daemon) ?? firstDay;
        expect(spent.tokens + reserved.tokens).toBeLessThanOrEqual(limit);
      }
    }),
    { numRuns: 300 },
  );
});

const firstDay = { spent: { tokens: 0 }, reserved: { tokens: 0 } };

test('what a daemon has before anyone changed anything bounds nothing', () => {
  expect(firstRevision.config.budgets).toEqual({});
});
