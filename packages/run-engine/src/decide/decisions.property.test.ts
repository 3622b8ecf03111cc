import { KheishError } from '@kheish/core-model';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Kind,
  Simulation,
  calls,
  failedWith,
  failure,
  said,
  toolAnswer,
} from '../testing/simulation.ts';
import { expectWhole } from '../testing/whole-prompt.ts';

const limits = {
  maxRunningRuns: 3,
  maxRunningRunsPerRoute: 2,
  maxQueuedRunsPerSession: 4,
  maxStepsPerRun: 5,
  maxToolCallsPerStep: 3,
};

const transitions: Record<string, readonly string[]> = {
  none: ['queued', 'running'],
  queued: ['queued', 'running', 'failed', 'cancelled'],
  running: [
    'running',
    'waiting_for_approval',
    'waiting_for_user_question',
    'completed',
    'failed',
    'interrupted',
    'cancelled',
  ],
  // Of two requests one may be answered: the run then waits for the other, by way of running.
  waiting_for_approval: [
    'waiting_for_approval',
    'waiting_for_user_question',
    'running',
    'failed',
    'interrupted',
    'cancelled',
  ],
  waiting_for_user_question: [
    'waiting_for_user_question',
    'running',
    'failed',
    'interrupted',
    'cancelled',
  ],
};
const terminal = ['completed', 'failed', 'interrupted', 'cancelled'];

const sessionId = fc.constantFrom('a', 'b', 'c', 'd');
const kind = fc.constantFrom<Kind>(
  'repeatable',
  'keyed',
  'once',
  'asked',
  'asked',
  'denied',
  'question',
);
const modelOutcome = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.array(kind, { minLength: 1, maxLength: 4 }).map((kinds) => calls(...kinds)),
  },
  { weight: 2, arbitrary: fc.constant(said('answer')) },
  { weight: 2, arbitrary: fc.constant(failedWith('context_exceeded')) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(failure, said('', 'max_output_tokens'), said('no', 'refusal')),
  },
);
const toolOutcome = fc.constantFrom('succeeded' as const, 'failed' as const, 'aborted' as const);
const method = fc.constantFrom('summary' as const, 'cut' as const);
const nth = fc.nat({ max: 50 });

/** A step of a random day: what happens, and to whom. */
const event = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      sessionId,
      route: fc.constantFrom('x', 'y'),
      fallback: fc.constantFrom(undefined, 'large'),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      nth,
      modelOutcome,
      toolOutcome,
      method,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('create' as const, 'interrupt' as const, 'dispatch' as const),
      sessionId,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('end' as const, 'delete' as const), sessionId }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'recover' as const), nth }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('restart' as const), afterCrash: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('respond' as const),
      nth,
      response: fc.constantFrom('yes' as const, 'no' as const, 'expired' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('begin' as const), nth }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const) }) },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

function openActions(daemon: Simulation) {
  return daemon.runs().flatMap((run) => run.open_actions.map((action) => ({ run, action })));
}

/** Everything that waits for a person, with how each is answered. */
function openRequests(daemon: Simulation) {
  return daemon.runs().flatMap((run) => [
    ...run.approvals.map(({ id }) => ({
      run,
      respond: (response: 'yes' | 'no' | 'expired') =>
        response === 'expired'
          ? daemon.expire(run, id)
          : daemon.resolve(run, id, response === 'yes' ? 'allow' : 'deny'),
    })),
    ...run.questions.map(({ id }) => ({
      run,
      respond: (response: 'yes' | 'no' | 'expired') =>
        response === 'expired'
          ? daemon.expire(run, id)
          : daemon.respond(run, id, response === 'yes' ? 'yes' : 'declined'),
    })),
  ]);
}

function happen(daemon: Simulation, what: Event): void {
  const runs = daemon.runs();
  switch (what.do) {
    case 'create':
      return daemon.create(what.sessionId);
    case 'submit':
      return void daemon.submit(what.sessionId, what.route, what.fallback);
    case 'interrupt':
      return void daemon.interrupt(what.sessionId);
    case 'dispatch':
      return void daemon.dispatch(what.sessionId);
    case 'end':
      return daemon.end(what.sessionId);
    case 'delete':
      return daemon.delete(what.sessionId);
    case 'restart':
      return daemon.restart(what.afterCrash);
    case 'drain':
      daemon.draining = true;
      return;
    case 'cancel':
    case 'recover': {
      const run = runs[what.nth % Math.max(1, runs.length)];
      return run && (what.do === 'cancel' ? daemon.cancel(run) : daemon.recover(run));
    }
    case 'respond': {
      const open = openRequests(daemon);
      return open[what.nth % Math.max(1, open.length)]?.respond(what.response);
    }
    case 'begin': {
      const open = openActions(daemon).filter(
        ({ action }) => action.effect === 'once' && action.started_at_ms === undefined,
      );
      const found = open[what.nth % Math.max(1, open.length)];
      return found && daemon.begin(found.run, found.action.action_id);
    }
    case 'settle': {
      const open = openActions(daemon);
      const found = open[what.nth % Math.max(1, open.length)];
      if (found === undefined) return;
      const { run, action } = found;
      if (action.kind === 'compaction') {
        return daemon.settleCompaction(run, action.action_id, daemon.compaction(run, what.method));
      }
      if (action.kind === 'model_call') {
        return daemon.settleModel(run, action.action_id, what.modelOutcome);
      }
      return daemon.settleTool(run, action.action_id, toolAnswer(action, what.toolOutcome));
    }
  }
}

/** What may never be otherwise, whatever happened. */
function checkInvariants(daemon: Simulation, before: ReadonlyMap<string, string>): void {
  const { sessions } = daemon.state.tables;
  for (const run of daemon.runs()) {
    expect(transitions[before.get(run.run_id) ?? 'none'] ?? [run.status]).toContain(run.status);
    if (terminal.includes(before.get(run.run_id) ?? '')) {
      expect(run.status).toBe(before.get(run.run_id));
    }
    expect(run.open_actions.length > 0).toBe(run.status === 'running');
    const asked = { approval: run.approvals.length, user_question: run.questions.length };
    if (run.status === 'waiting_for_approval') expect(asked.approval).toBeGreaterThan(0);
    if (run.status === 'waiting_for_user_question') {
      expect(asked).toMatchObject({ approval: 0 });
      expect(asked.user_question).toBeGreaterThan(0);
    }
    if (terminal.includes(run.status)) expect(asked).toEqual({ approval: 0, user_question: 0 });
    expect(run.step).toBeLessThanOrEqual(limits.maxStepsPerRun);
    expect(run.open_actions.length).toBeLessThanOrEqual(limits.maxToolCallsPerStep);
    if (run.status === 'completed') expect(run.stop).toBeUndefined();
  }
  for (const session of sessions.values()) {
    const own = daemon.runs().filter((run) => run.session_id === session.session_id);
    const active = own.filter(({ status }) => status !== 'queued' && !terminal.includes(status));
    const running = active.map((run) => run.run_id);
    expect(running).toEqual(session.active_run_id === undefined ? [] : [session.active_run_id]);
    const waiting = active[0]?.status.replace('waiting_for_', '') ?? 'running';
    expect(session.waiting_for ?? 'running').toBe(waiting);
    const queued = own.filter((run) => run.status === 'queued').map((run) => run.run_id);
    expect(session.queued_run_ids).toEqual(queued);
    expect(queued.length).toBeLessThanOrEqual(limits.maxQueuedRunsPerSession);
    if (session.status !== 'open') expect([...running, ...queued]).toEqual([]);
  }
  checkRoom(daemon);
}

/** Who waited for a person goes on whoever took the place meanwhile; everybody else begins where there is room. */
function checkRoom(daemon: Simulation): void {
  const resumed = new Set(
    daemon.state.journal.flatMap((each) => (each.type === 'run_resumed' ? [each.run_id] : [])),
  );
  const running = daemon
    .runs()
    .filter((run) => run.status === 'running' && !resumed.has(run.run_id));
  expect(running.length).toBeLessThanOrEqual(limits.maxRunningRuns);
  for (const route of ['x', 'y']) {
    const onRoute = running.filter((run) => run.route.route_id === route);
    expect(onRoute.length).toBeLessThanOrEqual(limits.maxRunningRunsPerRoute);
  }
}

/** Of each session, runs start in the order in which they were accepted. */
function checkOrder(daemon: Simulation): void {
  const accepted: string[] = [];
  const last = new Map<string, number>();
  for (const recorded of daemon.state.journal) {
    if (recorded.type === 'run_accepted') accepted.push(recorded.run_id);
    if (recorded.type !== 'run_started') continue;
    const place = accepted.indexOf(recorded.run_id);
    expect(place).toBeGreaterThan(last.get(recorded.session_id) ?? -1);
    last.set(recorded.session_id, place);
  }
}

/** A run falls back at most once, only where it has a fallback, and every later call is of that model. */
function checkFallback(daemon: Simulation): void {
  const fallen = new Set<string>();
  for (const recorded of daemon.state.journal) {
    if (recorded.type === 'run_fell_back') {
      expect(fallen.has(recorded.run_id)).toBe(false);
      expect(daemon.state.run(recorded.run_id).route.fallback_model).toBe(recorded.model);
      fallen.add(recorded.run_id);
    }
    if (recorded.type !== 'action_intended' || recorded.kind !== 'model_call') continue;
    expect(recorded.target.endsWith('/large')).toBe(fallen.has(recorded.run_id));
  }
}

/** Nothing that began outlives the takeover of its run, and nothing begins twice. */
function checkOnce(daemon: Simulation): void {
  const open = new Map<string, string>();
  const begun = new Set<string>();
  for (const [index, recorded] of daemon.state.journal.entries()) {
    if (recorded.type === 'action_started') {
      expect(begun.has(recorded.action_id)).toBe(false);
      begun.add(recorded.action_id);
      open.set(recorded.action_id, recorded.run_id);
    }
    if (recorded.type === 'action_settled') open.delete(recorded.action_id);
    if (recorded.type !== 'run_recovered') continue;
    const left = [...open].filter(([, runId]) => runId === recorded.run_id).map(([id]) => id);
    const settled = daemon.state.journal.slice(index + 1, index + 1 + limits.maxToolCallsPerStep);
    for (const id of left) {
      expect(settled).toContainEqual(
        expect.objectContaining({ action_id: id, outcome: 'unknown_outcome' }),
      );
    }
  }
}

/** What was asked for is carried out by its approval only, once; what was refused is not carried out at all. */
function checkAsked(daemon: Simulation): void {
  const allowed = new Set<string>();
  const given = new Set<string>();
  for (const recorded of daemon.state.journal) {
    if (recorded.type === 'approval_resolved' && recorded.behavior === 'allow') {
      allowed.add(recorded.request_id);
    }
    if (recorded.type !== 'action_intended') continue;
    expect(recorded.target).not.toBe('tool:denied_tool');
    expect(recorded.target).not.toBe('tool:question_tool');
    expect(recorded.approval !== undefined).toBe(recorded.target === 'tool:asked_tool');
    if (recorded.approval === undefined) continue;
    expect(allowed.has(recorded.approval.request_id)).toBe(true);
    expect(given.has(recorded.approval.request_id)).toBe(false);
    given.add(recorded.approval.request_id);
  }
}

/** A window in which everything fits, and one in which next to nothing does. */
const window = fc.constantFrom(128_000, 10);

/** With nobody asking for more, everything comes to its end. */
function letItEnd(daemon: Simulation): void {
  daemon.restart(false);
  for (const run of daemon.runs()) daemon.recover(run);
  for (let round = 0; round < 200; round += 1) {
    for (const id of daemon.state.tables.sessions.keys()) daemon.dispatch(id);
    for (const { respond } of openRequests(daemon)) respond('no');
    const open = openActions(daemon);
    if (open.length === 0) break;
    for (const { run, action } of open) daemon.succeed(daemon.state.run(run.run_id), action);
  }
  for (const run of daemon.runs()) expect(terminal).toContain(run.status);
}

const expected = new Set([
  'approvals/approval_not_open',
  'questions/question_state_conflict',
  'runs/fenced',
  'runs/not_taken_over',
  'runs/queue_full',
  'runs/run_state_conflict',
  'sessions/session_busy',
  'sessions/session_deleted',
  'sessions/session_ended',
  'sessions/session_not_found',
]);

test(
  'no order of events breaks a session, a run or a limit, and everything ends [holds runs.listed_transitions]',
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 20, maxLength: 150 }), window, (events, tokens) => {
        const daemon = new Simulation(limits);
        daemon.contextWindow = tokens;
        for (const id of ['a', 'b', 'c']) daemon.create(id);
        for (const what of events) {
          const before = new Map(daemon.runs().map((run) => [run.run_id, run.status]));
          try {
            happen(daemon, what);
          } catch (error) {
            if (!(error instanceof KheishError)) throw error;
            expect(expected).toContain(error.code);
          }
          checkInvariants(daemon, before);
        }
        letItEnd(daemon);
        checkOrder(daemon);
        checkOnce(daemon);
        checkAsked(daemon);
        checkFallback(daemon);
        for (const [id, transcript] of daemon.state.tables.transcripts) {
          expectWhole(transcript, daemon.state.session(id).compaction);
        }
      }),
      { numRuns: 150 },
    );
  },
);
