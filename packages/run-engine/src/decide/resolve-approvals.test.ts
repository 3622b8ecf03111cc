import type { RunState, ToolApproval } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { type Kind, Simulation, calls, toolAnswer } from '../testing/simulation.ts';

function asking(...kinds: readonly Kind[]): { daemon: Simulation; now: () => RunState } {
  const daemon = new Simulation();
  daemon.create('s');
  const { run_id: id, open_actions: open } = daemon.submit('s');
  const now = () => daemon.state.run(id);
  daemon.settleModel(now(), open[0]?.action_id ?? '', calls(...kinds));
  return { daemon, now };
}

const requests = (run: RunState) =>
  run.approvals.filter(({ kind }) => kind === 'tool') as ToolApproval[];
const refused = (code: string) => expect.objectContaining({ code }) as Error;
const typesOf = (daemon: Simulation) => daemon.state.journal.map(({ type }) => type);
const answers = (daemon: Simulation) =>
  (daemon.state.tables.transcripts.get('s') ?? []).filter(({ role }) => role === 'tool');

describe('a call that needs a word', () => {
  test('suspends its run, with nothing under way', () => {
    const { daemon, now } = asking('asked');
    expect(now()).toMatchObject({ status: 'waiting_for_approval', open_actions: [] });
    expect(daemon.state.session('s')).toMatchObject({ waiting_for: 'approval' });
    expect(requests(now())).toMatchObject([{ tool_call_id: 'call_0', reason: 'the test says so' }]);
  });

  test('holds none of the others back [holds approvals.siblings_go_on]', () => {
    const { daemon, now } = asking('repeatable', 'asked', 'once', 'denied');
    expect(now()).toMatchObject({ status: 'running' });
    expect(now().open_actions.map(({ target }) => target)).toEqual([
      'tool:repeatable_tool',
      'tool:once_tool',
    ]);
    expect(requests(now())).toHaveLength(1);
    expect(answers(daemon)).toMatchObject([{ tool_call_id: 'call_3', is_error: true }]);
    for (const action of now().open_actions) daemon.succeed(now(), action);
    expect(now()).toMatchObject({ status: 'waiting_for_approval', step: 1 });
  });

  test('is intended with its approval in the commit that resolves it, and the model asked after it', () => {
    const { daemon, now } = asking('asked');
    const [request] = requests(now());
    daemon.resolve(now(), request?.id ?? '', 'allow');
    expect(now()).toMatchObject({ status: 'running', approvals: [] });
    const approval = { request_id: request?.id, digest: request?.digest };
    expect(now().open_actions).toMatchObject([{ target: 'tool:asked_tool', approval }]);
    const [action] = now().open_actions;
    if (action !== undefined)
      daemon.settleTool(now(), action.action_id, toolAnswer(action, 'succeeded'));
    expect(now()).toMatchObject({ status: 'running', step: 2 });
  });

  test('is answered as refused where it is denied, and the model asked at once', () => {
    const { daemon, now } = asking('asked');
    daemon.resolve(now(), requests(now())[0]?.id ?? '', 'deny');
    expect(answers(daemon)).toMatchObject([{ tool_call_id: 'call_0', is_error: true }]);
    expect(now()).toMatchObject({ status: 'running', step: 2 });
    expect(typesOf(daemon)).toContain('run_resumed');
  });

  test('does not let the run go on while another waits', () => {
    const { daemon, now } = asking('asked', 'asked');
    const [first, second] = requests(now());
    daemon.resolve(now(), first?.id ?? '', 'deny');
    expect(now()).toMatchObject({ status: 'waiting_for_approval', step: 1 });
    daemon.resolve(now(), second?.id ?? '', 'allow');
    expect(now()).toMatchObject({ status: 'running', step: 1 });
    expect(now().open_actions).toHaveLength(1);
  });

  test('waits for a question after it, by way of running', () => {
    const { daemon, now } = asking('asked', 'question');
    daemon.resolve(now(), requests(now())[0]?.id ?? '', 'deny');
    expect(now()).toMatchObject({ status: 'waiting_for_user_question' });
    daemon.respond(now(), now().questions[0]?.id ?? '', 'yes');
    expect(now()).toMatchObject({ status: 'running', step: 2 });
  });
});

describe('a word', () => {
  test('counts once [holds approvals.single_use]', () => {
    const { daemon, now } = asking('asked', 'asked');
    const id = requests(now())[0]?.id ?? '';
    daemon.resolve(now(), id, 'allow');
    const notOpen = refused('approvals/approval_not_open');
    expect(() => daemon.resolve(now(), id, 'allow')).toThrow(notOpen);
    expect(() => daemon.resolve(now(), id, 'deny')).toThrow(notOpen);
    expect(now().open_actions).toHaveLength(1);
  });

  test('comes too late for a run that is over, or is to stop', () => {
    const { daemon, now } = asking('once', 'asked');
    const id = requests(now())[0]?.id ?? '';
    daemon.cancel(now());
    const conflict = refused('runs/run_state_conflict');
    expect(() => daemon.resolve(now(), id, 'allow')).toThrow(conflict);
    const [action] = now().open_actions;
    if (action !== undefined)
      daemon.settleTool(now(), action.action_id, toolAnswer(action, 'aborted'));
    expect(now()).toMatchObject({ status: 'cancelled', approvals: [] });
    expect(() => daemon.resolve(now(), id, 'allow')).toThrow(conflict);
  });

  test('waits until a run that was left running is taken over', () => {
    const { daemon, now } = asking('repeatable', 'asked');
    const id = requests(now())[0]?.id ?? '';
    daemon.restart(true);
    expect(() => daemon.resolve(now(), id, 'allow')).toThrow(refused('runs/not_taken_over'));
    daemon.recover(now());
    daemon.resolve(now(), id, 'allow');
    expect(now().open_actions.map(({ target }) => target)).toEqual([
      'tool:repeatable_tool',
      'tool:asked_tool',
    ]);
  });

  test('is taken by the start that is there, where the run was suspended by another', () => {
    const { daemon, now } = asking('asked');
    daemon.restart(true);
    daemon.resolve(now(), requests(now())[0]?.id ?? '', 'allow');
    expect(now()).toMatchObject({ status: 'running', incarnation: 2, recoveries: 0 });
  });
});

describe('a run that waits', () => {
  test('is cancelled at once, and what it asked is open no more', () => {
    const { daemon, now } = asking('asked', 'question');
    const next = daemon.submit('s');
    daemon.cancel(now());
    expect(now()).toMatchObject({ status: 'cancelled', approvals: [], questions: [] });
    const unanswered = ['call_0', 'call_1'].map((id) => ({ tool_call_id: id, is_error: true }));
    expect(answers(daemon)).toMatchObject(unanswered);
    expect(now().stop).toBeUndefined();
    expect(daemon.state.run(next.run_id).status).toBe('running');
    expect(daemon.state.session('s').waiting_for).toBeUndefined();
  });

  test('is interrupted at once, and its session goes on', () => {
    const { daemon, now } = asking('question');
    const next = daemon.submit('s');
    expect(daemon.interrupt('s')).toBe(now().run_id);
    expect(now().status).toBe('interrupted');
    expect(daemon.state.run(next.run_id).status).toBe('running');
  });

  test('keeps its session from starting another', () => {
    const { daemon } = asking('asked');
    const next = daemon.submit('s');
    expect(next.status).toBe('queued');
    expect(daemon.dispatch('s')).toBe(false);
    expect(() => daemon.end('s')).toThrow(refused('sessions/session_busy'));
  });

  test('leaves its place to others', () => {
    const daemon = new Simulation({ maxRunningRuns: 1 });
    for (const id of ['s', 't']) daemon.create(id);
    const run = daemon.submit('s');
    daemon.settleModel(run, run.open_actions[0]?.action_id ?? '', calls('asked'));
    expect(daemon.submit('t').status).toBe('running');
  });
});

describe('a request that expires', () => {
  test('refuses its call, and the run goes on', () => {
    const { daemon, now } = asking('asked');
    daemon.expire(now(), requests(now())[0]?.id ?? '');
    expect(answers(daemon)).toMatchObject([{ is_error: true }]);
    expect(now()).toMatchObject({ status: 'running', step: 2 });
  });

  test('cannot be answered from its time on', () => {
    const { daemon, now } = asking('asked');
    const [request] = requests(now());
    const expiring = { ...request, expires_at_ms: daemon.state.atMs + 1 } as ToolApproval;
    daemon.state.tables.runs.set(now().run_id, { ...now(), approvals: [expiring] });
    const expired = refused('approvals/approval_expired');
    expect(() => daemon.resolve(now(), expiring.id, 'allow')).toThrow(expired);
  });

  test('as a question cancels its run', () => {
    const { daemon, now } = asking('question');
    daemon.expire(now(), now().questions[0]?.id ?? '');
    expect(now()).toMatchObject({ status: 'cancelled', questions: [] });
    expect(typesOf(daemon)).toContain('question_voided');
  });

  test('as a question of a run that still works asks it to stop', () => {
    const { daemon, now } = asking('once', 'question');
    daemon.expire(now(), now().questions[0]?.id ?? '');
    expect(now()).toMatchObject({ status: 'running', stop: { as: 'cancelled' } });
  });
});

describe('an approval whose action became another', () => {
  test('is void, and asked anew as it is now', () => {
    const { daemon, now } = asking('once', 'asked');
    const [before] = requests(now());
    const [action] = now().open_actions;
    const call = {
      type: 'tool_call',
      tool_call_id: 'call_1',
      tool_name: 'asked_tool',
      input: {},
    } as const;
    const binding = { files: [{ path: '/file' }] };
    const changed = [{ requestId: before?.id ?? '', prepared: { call, binding } }];
    if (action === undefined) throw new Error('nothing is open');
    daemon.settleTool(now(), action.action_id, { ...toolAnswer(action, 'succeeded'), changed });
    const [after] = requests(now());
    expect(after).toMatchObject({ tool_call_id: 'call_1', binding, reason: before?.reason });
    expect(after?.id).not.toBe(before?.id);
    expect(after?.digest).not.toBe(before?.digest);
    expect(now().status).toBe('waiting_for_approval');
    const notOpen = refused('approvals/approval_not_open');
    expect(() => daemon.resolve(now(), before?.id ?? '', 'allow')).toThrow(notOpen);
  });

  test('is not asked anew where it was answered meanwhile', () => {
    const { daemon, now } = asking('once', 'asked');
    const [request] = requests(now());
    const [action] = now().open_actions;
    daemon.resolve(now(), request?.id ?? '', 'deny');
    const call = {
      type: 'tool_call',
      tool_call_id: 'call_1',
      tool_name: 'asked_tool',
      input: {},
    } as const;
    const changed = [{ requestId: request?.id ?? '', prepared: { call } }];
    if (action === undefined) throw new Error('nothing is open');
    daemon.settleTool(now(), action.action_id, { ...toolAnswer(action, 'succeeded'), changed });
    expect(requests(now())).toEqual([]);
    expect(now().step).toBe(2);
  });
});
