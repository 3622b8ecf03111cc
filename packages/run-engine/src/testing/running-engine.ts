import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CredentialBroker, createRedactor } from '@kheish/auth-store';
import {
  type NewId,
  type RunState,
  type RunView,
  type SubmitInputRequest,
  isTerminal,
} from '@kheish/core-model';
import { type RouteInventory, parseRoutesFile, resolveSelector } from '@kheish/route-inventory';
import { type Incarnation, type Store, openStore } from '@kheish/state-store';
import { ManualClock, plainSealer, systemRandom } from '@kheish/testkit';
import { Engine, type EngineOptions } from '../engine/engine.ts';
import type { ModelRoutes } from '../engine/model-routes.ts';
import { SessionTasks } from '../tasks/session-tasks.ts';
import type { AgentTool } from '../tools/agent-tool.ts';
import { FakeModel } from './fake-model.ts';

const inventory: RouteInventory = parseRoutesFile(
  `version = 1
default_route = "main"
[routes.main]
driver = "scripted"
default_model = "small"
[routes.other]
driver = "scripted"
default_model = "large"
`,
  { file: 'routes.toml', environment: {} },
);

export interface LoggedLine {
  readonly level: 'warn' | 'error';
  readonly message: string;
  readonly facts: Record<string, unknown>;
}

export type EngineStart = Partial<
  Pick<EngineOptions, 'endProcesses' | 'limits' | 'callPolicy' | 'reach' | 'clock'>
> & {
  readonly tools?: readonly AgentTool[];
  readonly routes?: Partial<ModelRoutes>;
};

/** Engines over one real state root, one after the other, with a model that the test plays. */
export class EngineRoot implements AsyncDisposable {
  readonly path = mkdtempSync(join(tmpdir(), 'run-engine-'));
  readonly clock = new ManualClock();
  #ids = 0;
  readonly redactor = createRedactor();
  readonly #running: RunningEngine[] = [];

  constructor() {
    this.redactor.add('hidden words');
  }

  readonly newId: NewId = (prefix) => `${prefix}_${(this.#ids += 1)}`;

  /** Starts an engine, without recovery. */
  async start(options: EngineStart = {}): Promise<RunningEngine> {
    const { clock, newId, path, redactor } = this;
    const store = openStore({
      stateRoot: path,
      clock,
      newId,
      version: '1.0.0',
      redactor,
      sealer: () => plainSealer,
    });
    const engine = new RunningEngine(store, await store.beginIncarnation(), options, this);
    this.#running.push(engine);
    return engine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const engine of this.#running) await engine.stop();
    rmSync(this.path, { recursive: true, force: true });
  }
}

export class RunningEngine {
  readonly store: Store;
  readonly engine: Engine;
  readonly tasks: SessionTasks;
  readonly model = new FakeModel();
  readonly log: LoggedLine[] = [];
  readonly #incarnation: Incarnation;
  readonly #clock: ManualClock;
  #stopped = false;

  constructor(store: Store, incarnation: Incarnation, options: EngineStart, root: EngineRoot) {
    this.store = store;
    this.#incarnation = incarnation;
    this.#clock = root.clock;
    const { routes, tools = [], ...rest } = options;
    const log: EngineOptions['log'] = {
      warn: (facts, message) => this.log.push({ level: 'warn', message, facts: { ...facts } }),
      error: (facts, message) => this.log.push({ level: 'error', message, facts: { ...facts } }),
    };
    const { clock, newId } = root;
    this.tasks = new SessionTasks({
      store,
      clock: options.clock ?? clock,
      newId,
      log,
      incarnation: incarnation.number,
      endProcesses: options.endProcesses ?? (() => Promise.resolve(true)),
    });
    this.engine = new Engine({
      store,
      incarnation,
      routes: {
        pin: ({ model, ...request }) =>
          resolveSelector(inventory, {
            ...request,
            ...(model !== undefined && { selector: model }),
          }),
        driver: () => Promise.resolve(this.model),
        slotId: () => undefined,
        systemPrompt: () => undefined,
        price: () => undefined,
        contextWindow: () => 128_000,
        ...routes,
      },
      broker: new CredentialBroker({ store, clock: options.clock ?? clock, newId }),
      tools,
      tasks: this.tasks,
      endProcesses: () => Promise.resolve(true),
      clock: root.clock,
      random: systemRandom,
      newId: root.newId,
      redactor: root.redactor,
      log,
      ...rest,
    });
  }

  async submit(
    sessionId: string,
    input: string | SubmitInputRequest = 'question',
  ): Promise<RunView> {
    const request = typeof input === 'string' ? { content: input } : input;
    const answered = await this.engine.submitInput(sessionId, request);
    if ('replayed' in answered) throw new Error('a submit without a key was replayed');
    return answered.result;
  }

  run(runId: string): RunState {
    const run = this.store.read.run(runId);
    if (run === undefined) throw new Error(`there is no run ${runId}`);
    return run;
  }

  /** Types of the journaled events of a run, in order. */
  eventsOf(runId: string): string[] {
    return this.store.feed.page({ after: 0, limit: 1_000, runId }).rows.map(({ type }) => type);
  }

  async ended(runId: string): Promise<RunState> {
    await settled(`the end of ${runId}`, () => isTerminal(this.run(runId).status));
    return this.run(runId);
  }

  /** The nth model call, once it is made; from 1. */
  async turn(number: number) {
    await settled(`model call ${number}`, () => this.model.turns.length >= number);
    const turn = this.model.turns[number - 1];
    if (turn === undefined) throw new Error(`there is no model call ${number}`);
    return turn;
  }

  /** Drops what is under way at once. */
  async drain(): Promise<void> {
    const drained = this.engine.drain(0);
    this.#clock.advance(0);
    await atRest(3);
    this.#clock.advance(1_000);
    await drained;
  }

  /** Leaves in order: what is under way is dropped and goes on at the next start. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.drain();
    await this.#incarnation.end();
    await this.store.close();
  }

  /** Gives the root back as a process that dies does: the journal has no word of it. */
  async die(): Promise<void> {
    this.#stopped = true;
    await this.drain();
    await this.store.close();
  }
}

/** Waits until something holds that commits and timers of this process bring about; throws where it never does. */
export async function settled(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 4_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited 4 s for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Lets everything that needs no more time than the event loop's come to its end. */
export async function atRest(turns = 50): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
