import { RunView, SessionView } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { Simulation, failure, said } from '../testing/simulation.ts';
import { runView } from './run-view.ts';
import { sessionView } from './session-view.ts';

function busy() {
  const daemon = new Simulation();
  daemon.create('s');
  const runs = [daemon.submit('s'), daemon.submit('s'), daemon.submit('s')] as const;
  return { daemon, runs };
}

test('a run says where it waits, and what it was asked', () => {
  const { daemon, runs } = busy();
  const session = daemon.state.session('s');
  const views = runs.map((run) => runView(run, session));
  expect(views.map((view) => view.queued_position)).toEqual([undefined, 1, 2]);
  expect(views[0]).toMatchObject({
    status: 'running',
    request: { provider: 'main', driver: 'scripted', model: 'small', text_preview: 'question' },
  });
  for (const view of views)
    expect(RunView['~standard'].validate(view)).toMatchObject({ value: view });
});

test('a run shows the fallback it has, and the one it went on with', () => {
  const daemon = new Simulation();
  daemon.create('s');
  const run = daemon.submit('s', 'main', 'large');
  const before = runView(run, undefined);
  expect(before.request.fallback_model).toBe('large');
  expect(before.fallback).toBeUndefined();
  daemon.settleModel(run, run.open_actions[0]?.action_id ?? '', failure);
  const view = runView(daemon.state.run(run.run_id), undefined);
  expect(view).toMatchObject({
    request: { model: 'small' },
    fallback: { model: 'large', error: { code: 'unavailable' } },
  });
  expect(RunView['~standard'].validate(view)).toMatchObject({ value: view });
});

test('a run that ended shows its outputs or its error, and when it was to stop', () => {
  const { daemon, runs } = busy();
  const settle = (index: 0 | 1 | 2, outcome: typeof failure) => {
    const run = daemon.state.run(runs[index].run_id);
    daemon.settleModel(run, run.open_actions[0]?.action_id ?? '', outcome);
    return runView(daemon.state.run(run.run_id), undefined);
  };
  const completed = settle(0, said('done'));
  expect(completed).toMatchObject({ status: 'completed', steps: 1, usage: { input_tokens: 1 } });
  expect(completed.outputs).toEqual([
    { session_id: 's', run_id: runs[0].run_id, source_kind: 'assistant_text', content: 'done' },
  ]);
  expect(settle(1, failure)).toMatchObject({ status: 'failed', error: { code: 'unavailable' } });
  daemon.cancel(daemon.state.run(runs[2].run_id));
  const asked = daemon.state.atMs;
  const cancelled = settle(2, { outcome: 'aborted' });
  expect(cancelled).toMatchObject({ status: 'cancelled', cancel_requested_at_ms: asked });
  expect(RunView['~standard'].validate(cancelled)).toMatchObject({ value: cancelled });
});

test('a session is idle, running or ended, and valid on the wire', () => {
  const daemon = new Simulation();
  daemon.create('s');
  const now = () => sessionView(daemon.state.session('s'));
  expect(now()).toMatchObject({ status: 'idle', queued_run_count: 0 });
  const run = daemon.submit('s');
  daemon.submit('s');
  expect(now()).toMatchObject({
    status: 'running',
    active_run_id: run.run_id,
    queued_run_count: 1,
  });
  expect(now()).not.toHaveProperty('queued_run_ids');
  expect(SessionView['~standard'].validate(now())).toMatchObject({ value: now() });
});

test('an ended session is ended', () => {
  const daemon = new Simulation();
  daemon.create('s');
  daemon.end('s');
  expect(sessionView(daemon.state.session('s')).status).toBe('ended');
});
