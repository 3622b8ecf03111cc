import type { CredentialBroker, Redactor } from '@kheish/auth-store';
import {
  type Clock,
  type CreateSessionRequest,
  type CredentialScope,
  KheishError,
  type NewId,
  type RandomSource,
  type ReachCrashPoint,
  type RoutePolicy,
  type RunView,
  type SessionView,
  type SubmitInputRequest,
  digestOfJson,
  digestOfText,
  endsRun,
  tokensOfText,
} from '@kheish/core-model';
import type { CallPolicy } from '@kheish/model-drivers';
import type {
  Command,
  IdempotencyRequest,
  Incarnation,
  Store,
  WorkingState,
} from '@kheish/state-store';
import { type Rules, type RunLimits, defaultRunLimits } from '../decide/rules.ts';
import { cancelRun, interruptSession, runNotFound } from '../decide/stop-run.ts';
import { submitInput } from '../decide/submit-input.ts';
import { WaitingLine } from '../decide/waiting-line.ts';
import { LiveText } from '../effects/live-text.ts';
import { type EffectLog, RunEffects } from '../effects/run-effects.ts';
import { ToolGate } from '../effects/tool-gate.ts';
import { defaultSystemPrompt } from '../prompt/system-prompt.ts';
import { Transcripts } from '../prompt/transcript.ts';
import { existingSession } from '../session/open-session.ts';
import {
  createSession,
  deleteOnceQuiet,
  deleteSession,
  endSession,
  setCredentialScope,
  setRoutePolicy,
} from '../session/session-decisions.ts';
import type { SessionTasks } from '../tasks/session-tasks.ts';
import type { AgentTool } from '../tools/agent-tool.ts';
import { runView } from '../view/run-view.ts';
import { sessionView } from '../view/session-view.ts';
import { type Answered, answerOnce } from './answer-once.ts';
import { Configuration } from './configuration.ts';
import { Deadlines } from './deadlines.ts';
import { Dispatcher } from './dispatcher.ts';
import { modelsOf, pinnedPolicy, withDefaultModel } from './model-choice.ts';
import type { ModelRoutes } from './model-routes.ts';
import { OperatorAnswers } from './operator-answers.ts';
import { permissionsOf } from './permissions-in-force.ts';
import { routeCredentials } from './route-credentials.ts';
import { type EndProcesses, Takeover } from './takeover.ts';

export interface EngineOptions {
  readonly store: Store;
  readonly incarnation: Incarnation;
  readonly routes: ModelRoutes;
  readonly broker: CredentialBroker;
  readonly tools: readonly AgentTool[];
  /** Their tools are among `tools`. */
  readonly tasks: SessionTasks;
  readonly endProcesses: EndProcesses;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly newId: NewId;
  readonly log: EffectLog;
  readonly limits?: Partial<RunLimits>;
  readonly callPolicy?: Partial<CallPolicy>;
  /** Takes known secrets out of what models, tools, providers and callers say. */
  readonly redactor: Redactor;
  readonly reach?: ReachCrashPoint;
}

/** Characters of the input that lists show. */
const PREVIEW_CHARACTERS = 200;

/** Sessions and runs: takes commands, lets the journal's intents be performed, and takes over after a restart. */
export class Engine {
  readonly live: LiveText;
  readonly limits: RunLimits;
  readonly toolNames: readonly string[];
  readonly answers: OperatorAnswers;
  readonly configuration: Configuration;
  readonly #options: EngineOptions;
  readonly #rules: Rules;
  readonly #effects: RunEffects;
  readonly #unfollow: () => void;
  readonly #dispatcher: Dispatcher;
  readonly #takeover: Takeover;
  readonly #deadlines: Deadlines;
  #draining = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    const { store, clock, newId, routes } = options;
    this.live = new LiveText(clock, options.redactor);
    this.limits = { ...defaultRunLimits, ...options.limits };
    const gate = new ToolGate(options.tools, clock, this.limits, options.redactor);
    this.toolNames = gate.definitions.map((tool) => tool.name);
    const tools = gate.definitions.map(({ name, inputSchema }) => ({ name, inputSchema }));
    this.#rules = {
      newId,
      incarnation: options.incarnation.number,
      limits: this.limits,
      mayStart: () => !this.#draining,
      line: new WaitingLine(),
      effectOf: gate.effectOf,
      ...permissionsOf(store),
      credentials: routeCredentials(options.broker, routes),
      priceOf: (routeId, model) => routes.price(routeId, model),
      contextWindow: (routeId) => routes.contextWindow(routeId),
      surfaceTokens: tokensOfText(defaultSystemPrompt + JSON.stringify(tools)),
      surfaceDigest: digestOfJson({ system: digestOfText(defaultSystemPrompt), tools }),
    };
    this.answers = new OperatorAnswers(store, this.#rules, gate);
    this.configuration = new Configuration(store, gate);
    const transcripts = new Transcripts(store);
    const { permit } = this.#rules;
    const ports = { ...options, permit, gate, transcripts, live: this.live, routes };
    this.#effects = new RunEffects(ports, this.#rules, options.log);
    this.#dispatcher = new Dispatcher({ ...options, rules: this.#rules });
    this.#takeover = new Takeover({ ...options, rules: this.#rules });
    this.#deadlines = new Deadlines({ ...options, rules: this.#rules });
    this.#unfollow = store.feed.subscribe((rows) => {
      this.#effects.follow(rows);
      options.tasks.follow(rows);
      this.#takeover.follow(rows);
      this.#deadlines.follow(rows);
      for (const row of rows) {
        if (row.type === 'session_deleted') transcripts.forget(row.session_id ?? '');
      }
      const changed = rows.some(({ type }) => makesRoom(type) || type === 'run_accepted');
      if (changed) void this.#dispatcher.dispatch();
    });
  }

  /**
   * Takes over what earlier starts left running, the first of it before this resolves, then starts what waits.
   * `recovered` counts all that was left.
   */
  async recover(): Promise<{ recovered: number }> {
    // Who waits is not known before the first look.
    this.#rules.line.join(undefined);
    await this.#options.tasks.recover();
    const recovered = await this.#takeover.begin();
    await this.#dispatcher.dispatch();
    this.#deadlines.begin();
    return { recovered };
  }

  createSession(
    request: CreateSessionRequest,
    idempotency?: IdempotencyRequest,
  ): Promise<Answered<SessionView>> {
    const session_id = request.session_id ?? this.#options.newId('session');
    const decide = (state: WorkingState) =>
      sessionView(createSession(state, { ...request, session_id }, this.#options.newId));
    return this.#answer({ load: { session: session_id }, decide }, 201, idempotency);
  }

  async setRoutePolicy(sessionId: string, policy: RoutePolicy | null): Promise<SessionView> {
    const pinned = policy === null ? null : pinnedPolicy(this.#options.routes, policy);
    return this.#options.store.commit({
      load: { session: sessionId },
      decide: (state) => sessionView(setRoutePolicy(state, sessionId, pinned)),
    });
  }

  /** From their next call on the runs of the session are held to it. */
  setCredentialScope(sessionId: string, scope: CredentialScope | null): Promise<SessionView> {
    return this.#options.store.commit({
      load: { session: sessionId },
      decide: (state) => sessionView(setCredentialScope(state, sessionId, scope)),
    });
  }

  /** The commands that it has running are ended, too; with this they are dead, or cannot be proven to be. */
  async endSession(
    sessionId: string,
    reason: string | undefined,
    idempotency?: IdempotencyRequest,
  ): Promise<Answered<SessionView>> {
    const load = { session: sessionId, queue: 'all' } as const;
    const decide = (state: WorkingState) => sessionView(endSession(state, sessionId, reason));
    const answer = await this.#answer({ load, decide }, 200, idempotency);
    await this.#options.tasks.quiet(sessionId);
    return answer;
  }

  async deleteSession(sessionId: string): Promise<void> {
    const { store, tasks } = this.#options;
    const load = { session: sessionId, queue: 'all' } as const;
    const isDeleted = await store.commit({
      load,
      decide: (state) => deleteOnceQuiet(state, sessionId),
    });
    if (isDeleted) return;
    // What a command prints is erased with the rest, so it has to be there before.
    await tasks.quiet(sessionId);
    await store.commit({ load, decide: (state) => deleteSession(state, sessionId) });
  }

  /** Accepts an input. When this resolves it is on disk and will be worked on, whatever happens to the caller. */
  async submitInput(
    sessionId: string,
    given: SubmitInputRequest,
    idempotency?: IdempotencyRequest,
  ): Promise<Answered<RunView>> {
    const { store, routes, redactor } = this.#options;
    const input = redactor.redactJson(given);
    const own = existingSession(store.read.session(sessionId), sessionId).route_policy;
    const policy = withDefaultModel(own, store.read.runtime().config.model);
    const routeId = input.provider ?? input.route_id;
    const pin = () =>
      routes.pin({
        ...(routeId !== undefined && { routeId }),
        ...modelsOf(input.generation),
        ...(policy !== undefined && { policy }),
      });
    // Under a key the refusal waits for the decision: a twin gets the first answer, whatever became of the route.
    const route = idempotency === undefined ? pin() : refusalOr(pin);
    const { body: content, blobs } = await store.blobs.prepare(sessionId, input.content);
    const {
      model: _model,
      fallback_model: _fallback,
      ...generation
    } = { ...policy?.generation, ...input.generation };
    const request = {
      source_plugin: input.source_plugin ?? 'http',
      source_kind: input.source_kind ?? 'api',
      actor_id: input.actor_id ?? 'operator',
      content,
      text_preview: preview(input.content),
      ...(Object.keys(generation).length > 0 && { generation }),
      ...(input.metadata !== undefined && { metadata: input.metadata }),
    };
    const load = { session: sessionId, admission: true } as const;
    const decide = (state: WorkingState) => {
      if (route instanceof KheishError) throw route;
      const { run, session } = submitInput(state, sessionId, { request, route }, this.#rules);
      return runView(run, session);
    };
    return this.#answer({ load, decide, blobs }, 202, idempotency);
  }

  /** Cancels a queued run at once; asks a running one to stop. */
  async cancelRun(runId: string, idempotency?: IdempotencyRequest): Promise<Answered<RunView>> {
    const run = this.#options.store.read.run(runId);
    if (run === undefined) throw runNotFound(runId);
    const load = { session: run.session_id, run: runId, admission: true } as const;
    const decide = (state: WorkingState) =>
      runView(cancelRun(state, runId, this.#rules), state.session(run.session_id));
    return this.#answer({ load, decide }, 202, idempotency);
  }

  /** Asks the session's active run to stop; its queue goes on. */
  interruptSession(
    sessionId: string,
    idempotency?: IdempotencyRequest,
  ): Promise<Answered<{ interrupted: boolean; run_id?: string; session: SessionView }>> {
    const load = { session: sessionId, admission: true } as const;
    const decide = (state: WorkingState) => {
      const runId = interruptSession(state, sessionId, this.#rules);
      const session = sessionView(existingSession(state.session(sessionId), sessionId));
      return {
        interrupted: runId !== undefined,
        ...(runId !== undefined && { run_id: runId }),
        session,
      };
    };
    return this.#answer({ load, decide }, 202, idempotency);
  }

  /** Starts nothing more and gives what is under way `timeoutMs`; the rest goes on at the next start. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    this.#takeover.stop();
    this.#deadlines.stop();
    await this.#effects.drain(timeoutMs);
    await this.#dispatcher.stop();
    await this.#options.tasks.close();
    this.#unfollow();
  }

  #answer<T>(command: Command<T>, status: number, idempotency: IdempotencyRequest | undefined) {
    return answerOnce(this.#options.store, command, status, idempotency);
  }
}

/** Another run may begin in the place of this one. */
function makesRoom(type: string): boolean {
  return endsRun(type) || type === 'run_suspended';
}

function refusalOr<T>(attempt: () => T): T | KheishError {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof KheishError) return error;
    throw error;
  }
}

function preview(text: string): string {
  return text.length <= PREVIEW_CHARACTERS
    ? text
    : `${text.slice(0, PREVIEW_CHARACTERS).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
