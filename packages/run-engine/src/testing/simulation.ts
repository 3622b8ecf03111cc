import {
  type ApprovalBehavior,
  type AssistantMessage,
  type EffectClass,
  type OpenAction,
  type Price,
  type RunRequest,
  type RunState,
  type StopReason,
  digestOfText,
  nothingCompacted,
} from '@kheish/core-model';
import { beginAction } from '../decide/begin-action.ts';
import { planCompaction } from '../decide/plan-compaction.ts';
import { expireQuestion, resolveQuestion } from '../decide/questions.ts';
import { recoverRun } from '../decide/recover-run.ts';
import { expireApproval } from '../decide/request-approval.ts';
import { resolveApprovals } from '../decide/resolve-approvals.ts';
import { type RunLimits, type Rules, defaultRunLimits } from '../decide/rules.ts';
import {
  type Compacted,
  type CompactionOutcome,
  settleCompaction,
} from '../decide/settle-compaction.ts';
import { type ModelOutcome, settleModelCall } from '../decide/settle-model-call.ts';
import { type ToolOutcome, settleToolCall } from '../decide/settle-tool-call.ts';
import { startQueuedRun } from '../decide/start-run.ts';
import { cancelRun, interruptSession } from '../decide/stop-run.ts';
import { submitInput } from '../decide/submit-input.ts';
import { WaitingLine } from '../decide/waiting-line.ts';
import { createSession, deleteSession, endSession } from '../session/session-decisions.ts';
import { MemoryState } from './memory-state.ts';

/** What a call of a test is: one of a class that is carried out, one that a person has a say in, or a question. */
export type Kind = EffectClass | 'asked' | 'denied' | 'question';

const effectOf = (kind: Kind): EffectClass =>
  kind === 'asked' || kind === 'denied' ? 'once' : kind === 'question' ? 'repeatable' : kind;

const decisionOf = (kind: Kind) =>
  kind === 'asked' ? 'ask' : kind === 'denied' ? 'deny' : 'allow';

/** A tool whose name says its kind. */
const toolOf = (kind: Kind) => `${kind}_tool`;

type Answer = Extract<ModelOutcome, { outcome: 'succeeded' }>;

/** A whole daemon's decisions, with everything around them left to the test. */
export class Simulation {
  readonly state = new MemoryState();
  readonly limits: RunLimits;
  incarnation = 1;
  afterCrash = false;
  draining = false;
  price: Price | undefined;
  contextWindow = 128_000;
  #ids = 0;
  readonly #line = new WaitingLine();

  constructor(limits: Partial<RunLimits> = {}) {
    this.limits = { ...defaultRunLimits, ...limits };
  }

  get rules(): Rules {
    return {
      newId: (prefix) => `${prefix}_${(this.#ids += 1)}`,
      incarnation: this.incarnation,
      limits: this.limits,
      mayStart: () => !this.draining,
      line: this.#line,
      effectOf: (name) => effectOf(name.slice(0, -'_tool'.length) as Kind),
      permit: (_state, _run, { call }) => ({
        decision: decisionOf(call.tool_name.slice(0, -'_tool'.length) as Kind),
        reason: 'the test says so',
      }),
      forbid: () => ({ decision: 'allow', reason: '' }),
      approvalExpiresAfterMs: () => undefined,
      credentials: { refuse: () => undefined, grant: () => undefined },
      priceOf: () => this.price,
      contextWindow: () => this.contextWindow,
      surfaceTokens: 0,
      surfaceDigest: 'sha256:0',
    };
  }

  create(sessionId: string): void {
    this.state.commit({ session: sessionId }, (state) =>
      createSession(state, { session_id: sessionId }, this.rules.newId),
    );
  }

  submit(
    sessionId: string,
    routeId = 'main',
    fallback?: string,
    generation?: RunRequest['generation'],
  ): RunState {
    const request = {
      source_plugin: 'http',
      source_kind: 'api',
      actor_id: 'operator',
      content: 'question',
      text_preview: 'question',
      ...(generation !== undefined && { generation }),
    };
    const route = {
      route_id: routeId,
      driver: 'scripted',
      model: 'small',
      ...(fallback !== undefined && { fallback_model: fallback }),
    };
    return this.state.commit(
      { session: sessionId, admission: true },
      (state) => submitInput(state, sessionId, { request, route }, this.rules).run,
    );
  }

  settleModel(run: RunState, actionId: string, outcome: ModelOutcome): void {
    const load = { session: run.session_id, run: run.run_id, admission: true } as const;
    this.state.commit(load, (state) =>
      settleModelCall(state, run.run_id, actionId, outcome, this.rules),
    );
  }

  settleTool(run: RunState, actionId: string, outcome: ToolOutcome): void {
    const load = { session: run.session_id, run: run.run_id, admission: true } as const;
    this.state.commit(load, (state) =>
      settleToolCall(state, run.run_id, actionId, outcome, this.rules),
    );
  }

  settleCompaction(run: RunState, actionId: string, outcome: CompactionOutcome): void {
    const load = { session: run.session_id, run: run.run_id, admission: true } as const;
    this.state.commit(load, (state) =>
      settleCompaction(state, run.run_id, actionId, outcome, this.rules),
    );
  }

  /** What there is to shorten, with or without a summary. */
  compaction(run: RunState, method: 'summary' | 'cut'): CompactionOutcome {
    const session = this.state.session(run.session_id);
    const transcript = this.state.tables.transcripts.get(run.session_id) ?? [];
    const now = session.compaction ?? nothingCompacted;
    const entries = transcript
      .map(({ role }, index) => ({ index, role, tokens: 1 }))
      .filter(({ index }) => index >= now.boundary || index === now.request);
    const view = planCompaction(entries, now, { target: 0, summaryNow: 0, summaryThen: 0 });
    const spent = { usage: { input_tokens: 1, output_tokens: 1 } };
    if (view === undefined) return { outcome: 'succeeded', ...spent };
    const tokens = session.context_tokens ?? 0;
    const compacted: Compacted = {
      method,
      view: { ...view, summarized: method === 'cut' ? 0 : view.boundary },
      tokensBefore: tokens,
      tokensAfter: Math.max(0, tokens - 1),
      covers: digestOfText(''),
    };
    return { outcome: method === 'cut' ? 'failed' : 'succeeded', compacted, ...spent };
  }

  cancel(run: RunState): void {
    const load = { session: run.session_id, run: run.run_id, admission: true } as const;
    this.state.commit(load, (state) => cancelRun(state, run.run_id, this.rules));
  }

  interrupt(sessionId: string): string | undefined {
    return this.state.commit({ session: sessionId, admission: true }, (state) =>
      interruptSession(state, sessionId, this.rules),
    );
  }

  end(sessionId: string): void {
    this.state.commit({ session: sessionId, queue: 'all' }, (state) =>
      endSession(state, sessionId, undefined),
    );
  }

  delete(sessionId: string): void {
    this.state.commit({ session: sessionId, queue: 'all' }, (state) =>
      deleteSession(state, sessionId),
    );
  }

  dispatch(sessionId: string): boolean {
    this.#line.startCalling();
    const load = { session: sessionId, admission: true } as const;
    const began = this.state.commit(load, (state) =>
      startQueuedRun(state, sessionId, this.rules, true),
    );
    this.#line.endCalling([]);
    return began;
  }

  restart(afterCrash: boolean): void {
    this.incarnation += 1;
    this.afterCrash = afterCrash;
    this.draining = false;
  }

  begin(run: RunState, actionId: string): void {
    this.state.commit({ session: run.session_id, run: run.run_id }, (state) =>
      beginAction(state, run.run_id, actionId, undefined, this.rules),
    );
  }

  resolve(run: RunState, requestId: string, behavior: ApprovalBehavior): void {
    const load = { session: run.session_id, run: run.run_id, admission: true } as const;
    this.state.commit(load, (state) =>
      resolveApprovals(state, run.run_id, [{ request_id: requestId, behavior }], this.rules),
    );
  }

  expire(run: RunState, requestId: string): void {
    const load = { session: run.session_id, run: run.run_id, admission: true } as const;
    this.state.commit(load, (state) => {
      expireApproval(state, run.run_id, requestId, this.rules);
      expireQuestion(state, run.run_id, requestId, this.rules);
    });
  }

  respond(run: RunState, requestId: string, words: 'yes' | 'declined'): void {
    const load = { session: run.session_id, run: run.run_id, admission: true } as const;
    const resolution =
      words === 'declined'
        ? { request_id: requestId, declined: true }
        : { request_id: requestId, answers: [{ question_id: 'q', freeform_answer: words }] };
    this.state.commit(load, (state) => resolveQuestion(state, run.run_id, resolution, this.rules));
  }

  recover(run: RunState): void {
    const load = { session: run.session_id, run: run.run_id, admission: true } as const;
    const left = { afterCrash: this.afterCrash, deathUnproven: new Set<string>() };
    this.state.commit(load, (state) => recoverRun(state, run.run_id, left, this.rules));
  }

  /** Settles an action as well as it can be. */
  succeed(run: RunState, action: OpenAction): void {
    if (action.kind === 'compaction') {
      this.settleCompaction(run, action.action_id, this.compaction(run, 'summary'));
    } else if (action.kind === 'model_call')
      this.settleModel(run, action.action_id, said('answer'));
    else this.settleTool(run, action.action_id, toolAnswer(action, 'succeeded'));
  }

  runs(): RunState[] {
    return [...this.state.tables.runs.values()];
  }
}

function answer(parts: AssistantMessage['parts'], stop: StopReason): Answer {
  return {
    outcome: 'succeeded',
    message: { role: 'assistant', parts, stop_reason: stop, driver: 'scripted', model: 'small' },
    usage: { input_tokens: 1, output_tokens: 1 },
    calls: [],
    responseDigest: digestOfText(''),
  };
}

export function said(text: string, stop: StopReason = 'end'): ModelOutcome {
  return answer(text === '' ? [] : [{ type: 'text', text }], stop);
}

export function calls(...kinds: readonly Kind[]): Answer {
  const parts = kinds.map((kind, index) => ({
    type: 'tool_call' as const,
    tool_call_id: `call_${index}`,
    tool_name: toolOf(kind),
    input: {},
  }));
  const question = { id: 'q', header: '', question: 'Well?', options: [], multi_select: false };
  const prepared = parts.map((call) => ({
    call,
    ...(call.tool_name === toolOf('question') && { asks: { questions: [question] } }),
  }));
  return { ...answer(parts, 'tool_calls'), calls: prepared };
}

export function failedWith(code: string, domain = 'models'): ModelOutcome {
  return { outcome: 'failed', error: { domain, code, detail: 'no' } };
}

export const failure = failedWith('unavailable');

export function toolAnswer(action: OpenAction, outcome: ToolOutcome['outcome']): ToolOutcome {
  return {
    outcome,
    message: {
      role: 'tool',
      tool_call_id: action.tool_call_id ?? '',
      tool_name: action.target.slice('tool:'.length),
      content: outcome,
      is_error: outcome !== 'succeeded',
    },
  };
}
