import type { RunState } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { Simulation, calls, failure, said, toolAnswer } from '../testing/simulation.ts';
import type { ModelOutcome } from './settle-model-call.ts';

function withSessions(...ids: readonly string[]): Simulation {
  const daemon = new Simulation({ maxRunningRuns: 3, maxRunningRunsPerRoute: 2 });
  for (const id of ids) daemon.create(id);
  return daemon;
}

function answerWith(daemon: Simulation, run: RunState, outcome: ModelOutcome): RunState {
  const action = daemon.state.run(run.run_id).open_actions[0];
  daemon.settleModel(run, action?.action_id ?? '', outcome);
  return daemon.state.run(run.run_id);
}

const statusOf = (daemon: Simulation, run: RunState) => daemon.state.run(run.run_id).status;

describe('submitting', () => {
  test('starts at once in an idle session, and queues behind an active run', () => {
    const daemon = withSessions('a');
    expect(daemon.submit('a').status).toBe('running');
    expect(daemon.submit('a').status).toBe('queued');
  });

  test('is refused by a full queue, which says when to come back', () => {
    const daemon = new Simulation({ maxQueuedRunsPerSession: 2 });
    daemon.create('a');
    for (let n = 0; n < 3; n += 1) daemon.submit('a');
    expect(() => daemon.submit('a')).toThrow(
      expect.objectContaining({ code: 'runs/queue_full', retryAfterMs: 1_000 }),
    );
  });

  test('waits where the daemon or the route is full, and while the daemon drains', () => {
    const daemon = withSessions('a', 'b', 'c', 'd', 'e');
    expect(daemon.submit('a', 'x').status).toBe('running');
    expect(daemon.submit('b', 'x').status).toBe('running');
    expect(daemon.submit('c', 'x').status).toBe('queued');
    expect(daemon.submit('d', 'y').status).toBe('running');
    expect(daemon.submit('e', 'y').status).toBe('queued');
    const draining = withSessions('a');
    draining.draining = true;
    expect(draining.submit('a').status).toBe('queued');
  });

  test('what waited is started by the dispatcher when there is room, the oldest first', () => {
    const daemon = withSessions('a', 'b', 'c');
    const active = daemon.submit('a', 'x');
    daemon.submit('b', 'x');
    const first = daemon.submit('c', 'x');
    const second = daemon.submit('c', 'x');
    expect(daemon.dispatch('c')).toBe(false);
    answerWith(daemon, active, said('done'));
    expect(daemon.dispatch('c')).toBe(true);
    expect([statusOf(daemon, first), statusOf(daemon, second)]).toEqual(['running', 'queued']);
    expect(daemon.dispatch('c')).toBe(false);
  });
});

describe('an answer of the model', () => {
  test('in text completes the run, and the queue goes on', () => {
    const daemon = withSessions('a');
    const [first, second] = [daemon.submit('a'), daemon.submit('a')];
    const run = answerWith(daemon, first, said('done'));
    expect(run).toMatchObject({
      status: 'completed',
      outputs: [{ source_kind: 'assistant_text', content: 'done' }],
      usage: { input_tokens: 1 },
    });
    expect(statusOf(daemon, second)).toBe('running');
  });

  test.each<[string, ModelOutcome, string]>([
    ['a refusal', said('I will not', 'refusal'), 'models/refused'],
    ['nothing before the limit', said('', 'max_output_tokens'), 'models/output_truncated'],
    ['a failure', failure, 'models/unavailable'],
  ])('%s fails the run', (_, outcome, code) => {
    const daemon = withSessions('a');
    const run = answerWith(daemon, daemon.submit('a'), outcome);
    expect(run.status).toBe('failed');
    expect(`${run.error?.domain}/${run.error?.code}`).toBe(code);
  });

  test('cut off in the middle of its text still counts', () => {
    const daemon = withSessions('a');
    const run = answerWith(daemon, daemon.submit('a'), said('half', 'max_output_tokens'));
    expect(run.status).toBe('completed');
  });

  test('with calls is followed by the next question when the last of them is settled', () => {
    const daemon = withSessions('a');
    let run = answerWith(daemon, daemon.submit('a'), calls('repeatable', 'once'));
    expect(run.open_actions.map(({ effect, tool_call_id }) => [effect, tool_call_id])).toEqual([
      ['repeatable', 'call_0'],
      ['once', 'call_1'],
    ]);
    for (const [index, action] of run.open_actions.entries()) {
      expect(daemon.state.run(run.run_id).open_actions).toHaveLength(2 - index);
      daemon.settleTool(run, action.action_id, toolAnswer(action, 'failed'));
    }
    run = daemon.state.run(run.run_id);
    expect(run.open_actions).toMatchObject([{ kind: 'model_call' }]);
    expect(run.step).toBe(2);
  });

  test.each([
    ['with too many calls', { maxToolCallsPerStep: 1 }],
    ['that asks for tools at the last step', { maxStepsPerRun: 1 }],
  ])('%s fails the run with nothing begun', (_, limits) => {
    const daemon = new Simulation(limits);
    daemon.create('a');
    const run = answerWith(daemon, daemon.submit('a'), calls('once', 'once'));
    expect(run).toMatchObject({ status: 'failed', error: { code: 'max_steps_exceeded' } });
    const intents = daemon.state.journal.filter((event) => event.type === 'action_intended');
    expect(intents).toHaveLength(1);
  });

  test('in text at the last step is an answer', () => {
    const daemon = new Simulation({ maxStepsPerRun: 1 });
    daemon.create('a');
    expect(answerWith(daemon, daemon.submit('a'), said('done')).status).toBe('completed');
  });

  test('is settled once', () => {
    const daemon = withSessions('a');
    const run = daemon.submit('a');
    answerWith(daemon, run, said('done'));
    const action = run.open_actions[0]?.action_id ?? '';
    expect(() => daemon.settleModel(run, action, said('again'))).toThrow(
      expect.objectContaining({ code: 'runs/fenced' }),
    );
  });
});

describe('stopping', () => {
  test('a queued run is cancelled at once, and keeps nobody from its place', () => {
    const daemon = withSessions('a');
    const [first, second, third] = [daemon.submit('a'), daemon.submit('a'), daemon.submit('a')];
    daemon.cancel(second);
    expect(statusOf(daemon, second)).toBe('cancelled');
    answerWith(daemon, first, said('done'));
    expect(statusOf(daemon, third)).toBe('running');
  });

  test('a running run is asked first, and never completes from then on', () => {
    const daemon = withSessions('a');
    const run = daemon.submit('a');
    daemon.cancel(run);
    expect(daemon.state.run(run.run_id)).toMatchObject({
      status: 'running',
      stop: { as: 'cancelled' },
    });
    expect(answerWith(daemon, run, said('too late'))).toMatchObject({
      status: 'cancelled',
      outputs: [],
    });
    expect(() => daemon.cancel(run)).toThrow(
      expect.objectContaining({ code: 'runs/run_state_conflict' }),
    );
  });

  test('ends the run when the last of its tools has ended', () => {
    const daemon = withSessions('a');
    const next = [daemon.submit('a'), daemon.submit('a')] as const;
    const run = answerWith(daemon, next[0], calls('once', 'once'));
    expect(daemon.interrupt('a')).toBe(run.run_id);
    const statuses = run.open_actions.map((action) => {
      daemon.settleTool(run, action.action_id, toolAnswer(action, 'aborted'));
      return statusOf(daemon, run);
    });
    expect(statuses).toEqual(['running', 'interrupted']);
    expect(statusOf(daemon, next[1])).toBe('running');
  });

  test('a cancel outweighs an interrupt, whichever comes first', () => {
    for (const order of ['cancel first', 'interrupt first']) {
      const daemon = withSessions('a');
      const run = daemon.submit('a');
      if (order === 'cancel first') daemon.cancel(run);
      daemon.interrupt('a');
      daemon.cancel(run);
      expect(answerWith(daemon, run, { outcome: 'aborted' }).status).toBe('cancelled');
    }
  });

  test('asked twice records it once', () => {
    const daemon = withSessions('a');
    const run = daemon.submit('a');
    daemon.cancel(run);
    daemon.cancel(run);
    const asked = daemon.state.journal.filter((event) => event.type === 'run_stop_requested');
    expect(asked).toHaveLength(1);
    expect(withSessions('b').interrupt('b')).toBeUndefined();
  });
});
