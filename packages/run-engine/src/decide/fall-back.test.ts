import type { RunState } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { Simulation, calls, failedWith, said, toolAnswer } from '../testing/simulation.ts';
import type { ModelOutcome } from './settle-model-call.ts';

function submitted(fallback?: string, limits = {}) {
  const daemon = new Simulation(limits);
  daemon.create('a');
  return { daemon, run: daemon.submit('a', 'main', fallback) };
}

function answerWith(daemon: Simulation, run: RunState, outcome: ModelOutcome): RunState {
  const action = daemon.state.run(run.run_id).open_actions[0];
  daemon.settleModel(run, action?.action_id ?? '', outcome);
  return daemon.state.run(run.run_id);
}

function targets(daemon: Simulation): string[] {
  return daemon.state.journal.flatMap((event) =>
    event.type === 'action_intended' ? [event.target] : [],
  );
}

describe('a model that cannot be had', () => {
  test.each(['rate_limited', 'overloaded', 'unavailable', 'timeout', 'stream_cut'])(
    '(%s) gives way to the fallback model',
    (code) => {
      const { daemon, run } = submitted('large');
      const after = answerWith(daemon, run, failedWith(code));
      expect(after).toMatchObject({
        status: 'running',
        step: 2,
        fallback: { model: 'large', error: { domain: 'models', code, detail: 'no' } },
      });
      expect(targets(daemon)).toEqual(['model:main/small', 'model:main/large']);
      expect(answerWith(daemon, run, said('done')).status).toBe('completed');
    },
  );

  test.each([
    ['authentication_failed', 'models'],
    ['quota_exhausted', 'models'],
    ['invalid_request', 'models'],
    ['context_exceeded', 'models'],
    ['refused', 'models'],
    ['malformed_response', 'models'],
    ['route_not_ready', 'routes'],
    ['storage_unavailable', 'storage'],
  ])('is not one that failed with %s', (code, domain) => {
    const { daemon, run } = submitted('large');
    const after = answerWith(daemon, run, failedWith(code, domain));
    expect(after).toMatchObject({ status: 'failed', error: { code } });
    expect(after.fallback).toBeUndefined();
  });

  test('fails the run where there is no fallback', () => {
    const { daemon, run } = submitted();
    expect(answerWith(daemon, run, failedWith('rate_limited')).status).toBe('failed');
  });

  test('fails the run at its last step, with its own error', () => {
    const { daemon, run } = submitted('large', { maxStepsPerRun: 1 });
    const after = answerWith(daemon, run, failedWith('overloaded'));
    expect(after).toMatchObject({ status: 'failed', error: { code: 'overloaded' } });
  });

  test('of a run that is to stop brings nothing more', () => {
    const { daemon, run } = submitted('large');
    daemon.cancel(run);
    expect(answerWith(daemon, run, failedWith('overloaded')).status).toBe('cancelled');
    expect(targets(daemon)).toHaveLength(1);
  });
});

describe('the fallback model', () => {
  test('has no fallback of its own', () => {
    const { daemon, run } = submitted('large');
    answerWith(daemon, run, failedWith('overloaded'));
    const after = answerWith(daemon, run, failedWith('rate_limited'));
    expect(after).toMatchObject({ status: 'failed', error: { code: 'rate_limited' } });
  });

  test('stays for the later steps, through tools and a takeover, and not for the next run', () => {
    const { daemon, run } = submitted('large');
    answerWith(daemon, run, calls('repeatable'));
    const [tool] = daemon.state.run(run.run_id).open_actions;
    daemon.settleTool(run, tool!.action_id, toolAnswer(tool!, 'succeeded'));
    const [, , asked] = targets(daemon);
    expect(asked).toBe('model:main/small');
    answerWith(daemon, run, failedWith('overloaded'));
    daemon.restart(true);
    daemon.recover(run);
    expect(daemon.state.run(run.run_id).open_actions).toMatchObject([
      { target: 'model:main/large' },
    ]);
    const after = answerWith(daemon, run, calls('repeatable'));
    const action = after.open_actions[0]!;
    daemon.settleTool(run, action.action_id, toolAnswer(action, 'succeeded'));
    expect(targets(daemon).at(-1)).toBe('model:main/large');
    expect(answerWith(daemon, run, said('done')).status).toBe('completed');
    daemon.submit('a', 'main', 'large');
    expect(targets(daemon).at(-1)).toBe('model:main/small');
  });
});
