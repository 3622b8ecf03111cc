import type { EffectClass, OpenAction, RunState } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { Simulation, calls, said, toolAnswer } from '../testing/simulation.ts';

function running(...effects: readonly EffectClass[]): { daemon: Simulation; id: string } {
  const daemon = new Simulation();
  daemon.create('s');
  const run = daemon.submit('s');
  if (effects.length > 0) daemon.settleModel(run, firstOf(run).action_id, calls(...effects));
  for (const action of daemon.state.run(run.run_id).open_actions) {
    if (action.effect === 'once') daemon.begin(run, action.action_id);
  }
  return { daemon, id: run.run_id };
}

function firstOf(run: RunState): OpenAction {
  const [action] = run.open_actions;
  if (action === undefined) throw new Error('nothing is open');
  return action;
}

function takeOver(daemon: Simulation, id: string, afterCrash = true): RunState {
  daemon.restart(afterCrash);
  daemon.recover(daemon.state.run(id));
  return daemon.state.run(id);
}

const outcomes = (daemon: Simulation) =>
  daemon.state.journal.flatMap((event) => (event.type === 'action_settled' ? [event.outcome] : []));

describe('a run taken over', () => {
  test('does its model call again, under the same action', () => {
    const { daemon, id } = running();
    const before = daemon.state.run(id).open_actions;
    const run = takeOver(daemon, id);
    expect(run).toMatchObject({ status: 'running', incarnation: 2, step: 1, recoveries: 1 });
    expect(run.open_actions).toEqual(before);
  });

  test('repeats what may be repeated, and never what may not', () => {
    const { daemon, id } = running('repeatable', 'once', 'keyed');
    const run = takeOver(daemon, id);
    expect(run.open_actions.map((action) => action.effect)).toEqual(['repeatable', 'keyed']);
    expect(outcomes(daemon)).toEqual(['succeeded', 'unknown_outcome']);
    expect(daemon.state.tables.transcripts.get('s')?.at(-1)).toMatchObject({
      role: 'tool',
      tool_call_id: 'call_1',
      is_error: true,
      content: expect.stringContaining('outcome is unknown'),
    });
  });

  test('does what had not begun, whatever its class [holds tools.once_begins_once]', () => {
    const daemon = new Simulation();
    daemon.create('s');
    const { run_id: id } = daemon.submit('s');
    const run = daemon.state.run(id);
    daemon.settleModel(run, firstOf(run).action_id, calls('once', 'once'));
    const [first, second] = daemon.state.run(id).open_actions;
    daemon.begin(run, second?.action_id ?? '');
    const left = takeOver(daemon, id).open_actions;
    expect(left).toEqual([first]);
    daemon.begin(daemon.state.run(id), first?.action_id ?? '');
    // Asked again by who did not hear that it was stored: it stands there once.
    daemon.begin(daemon.state.run(id), first?.action_id ?? '');
    const begun = daemon.state.journal.filter(({ type }) => type === 'action_started');
    expect(begun).toHaveLength(2);
    expect(takeOver(daemon, id).open_actions).toMatchObject([{ kind: 'model_call' }]);
    expect(outcomes(daemon)).toEqual(['succeeded', 'unknown_outcome', 'unknown_outcome']);
  });

  test('asks the model again once nothing of it is open', () => {
    const { daemon, id } = running('once', 'once');
    const run = takeOver(daemon, id);
    expect(run.open_actions).toMatchObject([{ kind: 'model_call' }]);
    expect(run.step).toBe(2);
  });

  test('settles everything and ends where it was to stop', () => {
    const { daemon, id } = running('repeatable', 'once', 'keyed');
    daemon.cancel(daemon.state.run(id));
    expect(takeOver(daemon, id).status).toBe('cancelled');
    expect(outcomes(daemon).slice(1)).toEqual(['aborted', 'unknown_outcome', 'unknown_outcome']);
  });

  test('is cancelled, not failed, where it was to stop at its last takeover', () => {
    const { daemon, id } = running();
    takeOver(daemon, id);
    takeOver(daemon, id);
    daemon.cancel(daemon.state.run(id));
    expect(takeOver(daemon, id).status).toBe('cancelled');
  });

  test('is fenced off from the start that began its action', () => {
    const { daemon, id } = running();
    const before = daemon.state.run(id);
    takeOver(daemon, id);
    daemon.incarnation = 1;
    expect(() => daemon.settleModel(before, firstOf(before).action_id, said('late'))).toThrow(
      expect.objectContaining({ code: 'runs/fenced' }),
    );
  });

  test('is taken over once by each start', () => {
    const { daemon, id } = running();
    takeOver(daemon, id);
    daemon.recover(daemon.state.run(id));
    expect(daemon.state.run(id).recoveries).toBe(1);
  });
});

describe('a run that takes the daemon down', () => {
  test('three times without a new step is given up, and its session goes on', () => {
    const { daemon, id } = running();
    const next = daemon.submit('s');
    expect(takeOver(daemon, id).recoveries).toBe(1);
    expect(takeOver(daemon, id).recoveries).toBe(2);
    const run = takeOver(daemon, id);
    expect(run).toMatchObject({
      status: 'failed',
      open_actions: [],
      error: { domain: 'runs', code: 'recovery_exhausted' },
    });
    expect(daemon.state.run(next.run_id).status).toBe('running');
  });

  test('is given up just so where an action of unknown outcome stands in between', () => {
    const { daemon, id } = running('once', 'repeatable');
    takeOver(daemon, id);
    takeOver(daemon, id);
    expect(takeOver(daemon, id).error?.code).toBe('recovery_exhausted');
  });

  test('in a tool leaves no call open and none unanswered', () => {
    const { daemon, id } = running('repeatable', 'keyed');
    takeOver(daemon, id);
    takeOver(daemon, id);
    takeOver(daemon, id);
    expect(outcomes(daemon).slice(1)).toEqual(['aborted', 'unknown_outcome']);
    expect(daemon.state.tables.transcripts.get('s')?.slice(-2)).toMatchObject([
      { role: 'tool', tool_call_id: 'call_0' },
      { role: 'tool', tool_call_id: 'call_1' },
    ]);
  });

  test('is not given up where it made a step in between', () => {
    const { daemon, id } = running('repeatable');
    for (let round = 0; round < 10; round += 1) {
      takeOver(daemon, id);
      let run = takeOver(daemon, id);
      daemon.settleTool(run, firstOf(run).action_id, toolAnswer(firstOf(run), 'succeeded'));
      run = daemon.state.run(id);
      daemon.settleModel(run, firstOf(run).action_id, calls('repeatable'));
    }
    expect(daemon.state.run(id).status).toBe('running');
  });

  test('is not confused with a daemon that is restarted in order', () => {
    const { daemon, id } = running('repeatable');
    takeOver(daemon, id);
    takeOver(daemon, id);
    for (let round = 0; round < 10; round += 1) takeOver(daemon, id, false);
    expect(daemon.state.run(id)).toMatchObject({ status: 'running', recoveries: 2 });
    expect(takeOver(daemon, id).status).toBe('failed');
  });
});
