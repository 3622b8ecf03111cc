import { addCost } from '../budget/cost.ts';
import { type DomainEvent, type EventOf, type EventType, isProgress } from '../journal/events.ts';
import { eraseBody } from '../message/body.ts';
import { addUsage } from '../message/message.ts';
import { isWaiting, mayFollow, type RunStatus } from './run-status.ts';
import { type RunRequest, type RunState, eraseRunError } from './run.ts';

type Step<T extends EventType> = (run: RunState, event: EventOf<T>, atMs: number) => RunState;

function to(run: RunState, status: RunStatus): RunState {
  if (!mayFollow(run.status, status)) {
    throw new Error(`run ${run.run_id}: ${run.status} may not become ${status}`);
  }
  return { ...run, status };
}

function running(run: RunState, event: DomainEvent): RunState {
  if (run.status === 'running') return run;
  throw new Error(`run ${run.run_id}: ${event.type} while it is ${run.status}`);
}

/** The run is under way, be it that it waits for a person. */
function active(run: RunState, event: DomainEvent): RunState {
  return isWaiting(run.status) ? run : running(run, event);
}

function finish(run: RunState, status: RunStatus, atMs: number): RunState {
  if (run.approvals.length + run.questions.length > 0) {
    throw new Error(`run ${run.run_id}: ${status} while something is asked`);
  }
  if (run.open_actions.length > 0) {
    throw new Error(
      `run ${run.run_id}: ${status} while ${run.open_actions.length} actions are open`,
    );
  }
  return { ...to(run, status), finished_at_ms: atMs };
}

function withoutApproval(run: RunState, requestId: string): RunState {
  const approvals = run.approvals.filter(({ id }) => id !== requestId);
  if (approvals.length === run.approvals.length) throw notAsked(run, requestId);
  return { ...run, approvals };
}

/** To allow what a budget has no room for makes room for this run: the limit once more, or as often as it takes. */
function extended(
  { approvals, extensions = {} }: RunState,
  { request_id, behavior }: EventOf<'approval_resolved'>,
): Pick<RunState, 'extensions'> {
  const request = approvals.find(({ id }) => id === request_id);
  if (request?.kind !== 'budget' || behavior === 'deny') return {};
  const times = 1 + (extensions[request.budget] ?? 0);
  const enough = Math.ceil((request.used + request.needed) / (request.limit / times));
  return { extensions: { ...extensions, [request.budget]: Math.max(times, enough - 1) } };
}

function withoutQuestion(run: RunState, requestId: string): RunState {
  const questions = run.questions.filter(({ id }) => id !== requestId);
  if (questions.length === run.questions.length) throw notAsked(run, requestId);
  return { ...run, questions };
}

function notAsked(run: RunState, requestId: string): Error {
  return new Error(`run ${run.run_id}: ${requestId} is not asked`);
}

function answered({ kind, outcome }: EventOf<'action_settled'>): boolean {
  return kind === 'model_call' && outcome === 'succeeded';
}

function withoutRefusals({ context_refusals: _refusals, ...run }: RunState): RunState {
  return run;
}

const steps: { [T in EventType]?: Step<T> } = {
  run_started: (run, event, atMs) => ({
    ...to(run, 'running'),
    started_at_ms: atMs,
    incarnation: event.incarnation,
    ...(event.config_revision !== undefined && { config_revision: event.config_revision }),
  }),
  run_recovered: (run, event) => ({
    ...running(run, event),
    incarnation: event.incarnation,
    recoveries: run.recoveries + (event.after_crash ? 1 : 0),
  }),
  action_intended: (run, event) => ({
    ...running(run, event),
    step: event.step,
    open_actions: [
      ...run.open_actions,
      {
        action_id: event.action_id,
        kind: event.kind,
        effect: event.effect,
        target: event.target,
        ...(event.audit_target !== undefined && { audit_target: event.audit_target }),
        ...(event.grant_id !== undefined && { grant_id: event.grant_id }),
        ...(event.tool_call_id !== undefined && { tool_call_id: event.tool_call_id }),
        ...(event.approval !== undefined && { approval: event.approval }),
        ...(event.reservation !== undefined && { reservation: event.reservation }),
      },
    ],
  }),
  action_started: (run, event, atMs) => {
    const begun = run.open_actions.find((action) => action.action_id === event.action_id);
    if (begun === undefined || begun.started_at_ms !== undefined) {
      throw new Error(`run ${run.run_id}: ${event.action_id} cannot begin`);
    }
    const { process } = event;
    const started = { ...begun, started_at_ms: atMs, ...(process !== undefined && { process }) };
    return {
      ...running(run, event),
      open_actions: run.open_actions.map((action) => (action === begun ? started : action)),
    };
  },
  action_settled: (run, event) => {
    const open = run.open_actions.filter((action) => action.action_id !== event.action_id);
    if (open.length === run.open_actions.length) {
      throw new Error(`run ${run.run_id}: ${event.action_id} is not open`);
    }
    const usage = addUsage(run.usage, event.usage);
    return {
      ...(answered(event) ? withoutRefusals(run) : run),
      recoveries: isProgress(event.outcome) ? 0 : run.recoveries,
      open_actions: open,
      ...(usage && { usage }),
      ...(event.usage && { cost: addCost(run.cost, event.cost_usd_micros) }),
    };
  },
  context_compacted: running,
  context_limited: (run, event) => ({
    ...running(run, event),
    context_refusals: (run.context_refusals ?? 0) + 1,
  }),
  output_emitted: (run, event) => ({
    ...running(run, event),
    outputs: [...run.outputs, { source_kind: 'emit_output', content: event.content }],
  }),
  tool_call_refused: active,
  approval_requested: (run, event) => ({
    ...running(run, event),
    approvals: [...run.approvals, event.request],
  }),
  approval_resolved: (run, event) => ({
    ...withoutApproval(run, event.request_id),
    ...extended(run, event),
  }),
  approval_voided: (run, event) => withoutApproval(run, event.request_id),
  question_requested: (run, event) => ({
    ...running(run, event),
    questions: [...run.questions, event.request],
  }),
  question_resolved: (run, event) => withoutQuestion(active(run, event), event.request_id),
  question_voided: (run, event) => withoutQuestion(run, event.request_id),
  run_suspended: (run, event) => {
    const { approvals, questions } = run;
    const asked = event.waiting_for === 'approval' ? approvals : questions;
    if (run.open_actions.length > 0 || asked.length === 0) {
      throw new Error(`run ${run.run_id}: there is nothing to wait for`);
    }
    return to(run, `waiting_for_${event.waiting_for}`);
  },
  run_resumed: (run, event) => ({ ...to(run, 'running'), incarnation: event.incarnation }),
  run_fell_back: (run, event) => {
    if (run.fallback !== undefined) throw new Error(`run ${run.run_id}: it fell back before`);
    return { ...running(run, event), fallback: { model: event.model, error: event.error } };
  },
  run_stop_requested: (run, event, atMs) => ({
    ...running(run, event),
    stop: { as: event.as, at_ms: atMs },
  }),
  run_completed: (run, event, atMs) => {
    if (run.stop !== undefined)
      throw new Error(`run ${run.run_id}: completed after a stop request`);
    return { ...finish(run, 'completed', atMs), outputs: [...run.outputs, ...event.outputs] };
  },
  run_failed: (run, event, atMs) => ({ ...finish(run, 'failed', atMs), error: event.error }),
  run_interrupted: (run, _event, atMs) => finish(run, 'interrupted', atMs),
  run_cancelled: (run, _event, atMs) => finish(run, 'cancelled', atMs),
};

function accepted(event: EventOf<'run_accepted'>, atMs: number): RunState {
  return {
    run_id: event.run_id,
    session_id: event.session_id,
    agent_id: event.agent_id,
    kind: event.kind,
    status: 'queued',
    request: event.request,
    route: event.route,
    submitted_at_ms: atMs,
    updated_at_ms: atMs,
    step: 0,
    recoveries: 0,
    open_actions: [],
    approvals: [],
    questions: [],
    outputs: [],
  };
}

/** The run after the event. Throws on an event that its state cannot have: that is a bug, not an input. */
export function evolveRun(run: RunState | undefined, event: DomainEvent, atMs: number): RunState {
  if (event.type === 'run_accepted') {
    if (run !== undefined) throw new Error(`run ${run.run_id} is accepted twice`);
    return accepted(event, atMs);
  }
  if (run === undefined) throw new Error(`${event.type} for a run that does not exist`);
  const step = steps[event.type] as Step<EventType> | undefined;
  if (step === undefined) throw new Error(`${event.type} is not an event of a run`);
  return { ...step(run, event, atMs), updated_at_ms: atMs };
}

export function eraseRequest(request: RunRequest): RunRequest {
  const { metadata: _metadata, ...rest } = request;
  return { ...rest, content: eraseBody(request.content), text_preview: '' };
}

/** The run without what was said in it. Erasing twice changes nothing. */
export function eraseRun(run: RunState): RunState {
  return {
    ...run,
    request: eraseRequest(run.request),
    outputs: run.outputs.map((output) => ({ ...output, content: eraseBody(output.content) })),
    ...(run.fallback !== undefined && {
      fallback: { ...run.fallback, error: eraseRunError(run.fallback.error) },
    }),
    ...(run.error !== undefined && { error: eraseRunError(run.error) }),
  };
}
