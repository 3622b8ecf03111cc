import { type EventOf, type RunState, digestOfText } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { Simulation, failedWith, failure, said } from '../testing/simulation.ts';

/** A session with some turns behind it, and the run that was asked last. */
function talking(window: number, fallback?: string): { daemon: Simulation; run: RunState } {
  const daemon = new Simulation();
  daemon.create('s');
  for (let turn = 0; turn < 3; turn += 1) daemon.settleModel(...opened(daemon, daemon.submit('s')));
  daemon.contextWindow = window;
  return { daemon, run: daemon.submit('s', 'main', fallback) };
}

function opened(daemon: Simulation, { run_id }: RunState): [RunState, string, typeof answered] {
  const run = daemon.state.run(run_id);
  return [run, run.open_actions[0]?.action_id ?? '', answered];
}
const answered = said('answer');

const openKind = (daemon: Simulation, { run_id }: RunState) =>
  daemon.state.run(run_id).open_actions.map(({ kind }) => kind);

function compact(daemon: Simulation, run: RunState): void {
  const [now, action] = opened(daemon, run);
  daemon.settleCompaction(now, action, daemon.compaction(now, 'summary'));
}

function refuse(daemon: Simulation, run: RunState): void {
  const [now, action] = opened(daemon, run);
  daemon.settleModel(now, action, failedWith('context_exceeded'));
}

const limits = (daemon: Simulation) =>
  daemon.state.journal
    .filter((event): event is EventOf<'context_limited'> => event.type === 'context_limited')
    .map(({ max_tokens: tokens }) => tokens);

test('a transcript is shortened once for a call, also where it is still too long for it', () => {
  const { daemon, run } = talking(1, 'large');
  expect(openKind(daemon, run)).toEqual(['compaction']);
  const [now, action] = opened(daemon, run);
  const view = { boundary: 2, summarized: 2, outputs_before: 0 };
  const compacted = {
    method: 'summary',
    view,
    tokensBefore: 90,
    tokensAfter: 80,
    covers: digestOfText(''),
  } as const;
  daemon.settleCompaction(now, action, { outcome: 'succeeded', compacted });
  expect(openKind(daemon, run)).toEqual(['model_call']);
  const [then, call] = opened(daemon, run);
  daemon.settleModel(then, call, failure);
  expect(daemon.state.run(run.run_id).fallback).toMatchObject({ model: 'large' });
  expect(openKind(daemon, run)).toEqual(['model_call']);
});

test('prompts are held to half of what a provider refuses, until nothing is left to shorten', () => {
  const { daemon, run } = talking(128_000);
  const sent = daemon.state.session('s').context_tokens ?? 0;
  refuse(daemon, run);
  expect(limits(daemon)).toEqual([Math.ceil(sent / 2)]);
  expect(openKind(daemon, run)).toEqual(['compaction']);
  compact(daemon, run);
  expect(openKind(daemon, run)).toEqual(['model_call']);
  refuse(daemon, run);
  expect(limits(daemon)).toHaveLength(1);
  expect(daemon.state.run(run.run_id)).toMatchObject({
    status: 'failed',
    error: { code: 'context_exceeded' },
  });
});

test('a stop ends a compaction, and keeps what it spent', () => {
  const { daemon, run } = talking(1);
  const [now, action] = opened(daemon, run);
  daemon.cancel(now);
  daemon.settleCompaction(now, action, daemon.compaction(now, 'summary'));
  expect(daemon.state.run(run.run_id)).toMatchObject({
    status: 'cancelled',
    step: 0,
    usage: { input_tokens: 1, output_tokens: 1 },
  });
  expect(daemon.state.session('s')).not.toHaveProperty('compaction');
});
