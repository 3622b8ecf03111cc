import { KheishError, type RecordedEvent, type Tool, isTerminal } from '@kheish/core-model';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { call, text } from '../testing/fake-model.ts';
import { JournalJudge } from '../testing/journal-judge.ts';
import { EngineRoot, type RunningEngine, atRest, settled } from '../testing/running-engine.ts';
import { ASK_USER_QUESTION, askUserQuestion } from '../tools/ask-user-question.ts';

const limits = { maxRunningRuns: 3, maxRunningRunsPerRoute: 2, maxQueuedRunsPerSession: 2 };

const session = fc.constantFrom('a', 'b', 'c');
const nth = fc.nat({ max: 20 });
const one = <T extends string>(what: T) => fc.constant(what);

/** What is done next. Nothing is waited for but where `breathe` says so. */
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: one('submit'),
      session,
      route: fc.constantFrom('main', 'other'),
      key: fc.option(fc.constantFrom('k1', 'k2', 'k3'), { nil: undefined }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: one('answer'),
      nth,
      with: fc.constantFrom('text', 'tools', 'asking', 'question', 'question', 'failure'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: one('return'), nth }) },
  { weight: 16, arbitrary: fc.record({ do: one('respond'), nth, yes: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: one('expire') }) },
  { weight: 3, arbitrary: fc.record({ do: one('cancel'), nth }) },
  { weight: 5, arbitrary: fc.record({ do: one('breathe'), turns: fc.nat(6) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('interrupt', 'end', 'delete', 'create'),
      session,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('crash', 'restart') }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Milliseconds that approvals and questions stay open. */
const EXPIRES_MS = 1_000;

const refusals = [
  'approvals/approval_expired',
  'approvals/approval_not_open',
  'questions/question_expired',
  'questions/question_state_conflict',
  'runs/not_taken_over',
  'runs/queue_full',
  'runs/run_state_conflict',
  'sessions/session_busy',
  'sessions/session_deleted',
  'sessions/session_ended',
  'sessions/session_not_found',
];

const question = { questions: [{ question: 'Well?' }], expires_after_ms: EXPIRES_MS };

function nthOf<T>(items: readonly T[], number: number): T | undefined {
  return items[number % Math.max(1, items.length)];
}

/** A daemon's life, one start after the other, and what its callers were answered. */
class Life implements AsyncDisposable {
  readonly root = new EngineRoot();
  readonly accepted: string[] = [];
  readonly byKey = new Map<string, Set<string>>();
  readonly cancelled = new Set<string>();
  readonly interrupted = new Set<string>();
  readonly ended = new Set<string>();
  readonly deleted = new Set<string>();
  /** Actions of class once, as often as their tool was run. */
  readonly actsBegun: string[] = [];
  #daemon!: RunningEngine;
  #hasty = false;
  #asked: Promise<unknown>[] = [];
  #toolCalls: (() => void)[] = [];
  readonly #answered = new Set<unknown>();

  get daemon(): RunningEngine {
    return this.#daemon;
  }

  async start(): Promise<void> {
    this.#toolCalls = [];
    const tools = [
      this.#tool('look', 'repeatable'),
      this.#tool('act', 'once'),
      this.#tool('asked', 'once'),
      askUserQuestion,
    ];
    this.#daemon = await this.root.start({ limits, tools });
    await this.#daemon.engine.recover();
  }

  async askForActs(): Promise<void> {
    const rule = { scope: 'user', tool_name_pattern: 'asked', behavior: 'ask' } as const;
    await this.#daemon.engine.configuration.change(
      'permission_rules',
      (config) => ({ ...config, permission_rules: [rule], approval_expires_after_ms: EXPIRES_MS }),
      () => undefined,
      {},
    );
  }

  async happen(next: Step): Promise<void> {
    const { engine, model } = this.#daemon;
    switch (next.do) {
      case 'submit':
        return this.#submit(next);
      case 'answer': {
        const open = model.turns.filter((turn) => !this.#answered.has(turn));
        const turn = open[next.nth % Math.max(1, open.length)];
        this.#answered.add(turn);
        if (next.with === 'text') turn?.answer(text('done'));
        else if (next.with === 'failure') turn?.fail(new KheishError('models/refused', 'no'));
        else if (next.with === 'asking')
          turn?.answer(call('c1', 'asked', {}), call('c2', 'look', {}), call('c3', 'asked', {}));
        else if (next.with === 'question')
          turn?.answer(call('c1', ASK_USER_QUESTION, question), call('c2', 'asked', {}));
        else turn?.answer(call('c1', 'look', {}), call('c2', 'act', {}), call('c3', 'look', {}));
        return undefined;
      }
      case 'respond':
        nthOf(this.#requests(), next.nth)?.(next.yes);
        return undefined;
      case 'expire':
        this.root.clock.advance(EXPIRES_MS);
        return undefined;
      case 'return':
        this.#toolCalls.splice(next.nth % Math.max(1, this.#toolCalls.length), 1)[0]?.();
        return undefined;
      case 'cancel': {
        const id = this.accepted.at(-1 - (next.nth % 4));
        if (id !== undefined) this.#ask(engine.cancelRun(id).then(() => this.cancelled.add(id)));
        return undefined;
      }
      case 'interrupt':
        this.#ask(
          engine.interruptSession(next.session).then((answer) => {
            if ('result' in answer && answer.result.run_id !== undefined)
              this.interrupted.add(answer.result.run_id);
          }),
        );
        return undefined;
      case 'end':
        this.#ask(
          engine.endSession(next.session, undefined).then(() => this.ended.add(next.session)),
        );
        return undefined;
      case 'delete':
        this.#ask(engine.deleteSession(next.session).then(() => this.deleted.add(next.session)));
        return undefined;
      case 'create':
        this.#ask(engine.createSession({ session_id: next.session }));
        return undefined;
      case 'breathe':
        return atRest(next.turns);
      case 'crash':
      case 'restart':
        await (next.do === 'crash' ? this.#daemon.die() : this.#daemon.stop());
        await Promise.all(this.#asked);
        return this.start();
    }
  }

  /** Everything that waits for the test is answered at once from here on. */
  async letItEnd(): Promise<void> {
    this.#hasty = true;
    const { model, store } = this.#daemon;
    model.reply = (turn) => turn.answer(text('done'));
    for (const turn of model.turns) turn.answer(text('done'));
    for (const done of this.#toolCalls) done();
    await Promise.all(this.#asked);
    const ended = () => store.read.runCounts().every(({ status }) => isTerminal(status));
    for (let round = 0; round < 200; round += 1) {
      await settled('all ends, or waits', () => ended() || this.#isAsking());
      if (ended()) return;
      await this.#allowAll();
      // What was too late to be allowed is to be expired; where that came before a takeover it is tried again.
      this.root.clock.advance(EXPIRES_MS / 10);
    }
    throw new Error(
      `waits for ever: ${JSON.stringify(store.read.askingRuns({ after: 0, limit: 9 }))}`,
    );
  }

  #isAsking(): boolean {
    return this.#daemon.store.read.askingRuns({ after: 0, limit: 1 }).length > 0;
  }

  async #allowAll(): Promise<void> {
    for (const respond of this.#requests()) respond(true);
    await Promise.all(this.#asked);
  }

  /** Each way to answer something that is open: yes or no. */
  #requests(): ((yes: boolean) => void)[] {
    const page = this.#daemon.store.read.askingRuns({ after: 0, limit: 500 });
    return page.flatMap(({ run: { run_id: runId, approvals, questions } }) => [
      ...approvals.map(
        ({ id }) =>
          (yes: boolean) =>
            this.#resolve(runId, id, yes),
      ),
      ...questions.map(
        ({ id }) =>
          (yes: boolean) =>
            this.#reply(runId, id, !yes),
      ),
    ]);
  }

  #resolve(runId: string, request_id: string, yes: boolean): void {
    const resolution = { request_id, behavior: yes ? 'allow' : 'deny' } as const;
    this.#ask(this.#daemon.engine.answers.resolveApprovals(runId, [resolution]));
  }

  #reply(runId: string, request_id: string, declined: boolean): void {
    const answers = declined ? [] : [{ question_id: '1', freeform_answer: 'well' }];
    const resolution = { request_id, answers, declined };
    this.#ask(this.#daemon.engine.answers.resolveQuestion(runId, resolution));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.root[Symbol.asyncDispose]();
  }

  #submit(next: Extract<Step, { do: 'submit' }>): undefined {
    const { engine } = this.#daemon;
    const key = next.key && `${next.session} ${next.key}`;
    const once = key && { scope: next.session, key, fingerprint: next.route };
    const input = { content: 'question', provider: next.route };
    this.#ask(
      engine.submitInput(next.session, input, once || undefined).then((answer) => {
        const { run_id: id } =
          'result' in answer
            ? answer.result
            : (JSON.parse(answer.replayed.body) as { run_id: string });
        this.accepted.push(id);
        if (key) this.byKey.set(key, (this.byKey.get(key) ?? new Set()).add(id));
      }),
    );
    return undefined;
  }

  #ask(answer: Promise<unknown>): void {
    this.#asked.push(
      answer.catch((error: unknown) => {
        const expected = [...refusals, 'idempotency/idempotency_conflict'];
        if (!(error instanceof KheishError && expected.includes(error.code))) throw error;
      }),
    );
  }

  #tool(name: string, effect: Tool['effect']): Tool {
    return {
      name,
      description: 'Does what the test says.',
      inputSchema: { type: 'object' },
      effect,
      limits: { timeoutMs: 600_000, maxOutputBytes: 1_000 },
      parse: (input) => input,
      ...(effect === 'once' && { auditTarget: () => `${name}:test` }),
      run: (_input, { signal, action_id: actionId }) =>
        new Promise((resolve, reject) => {
          if (effect === 'once') this.actsBegun.push(actionId);
          const done = () => resolve({ content: 'ok' });
          if (this.#hasty) done();
          this.#toolCalls.push(done);
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    };
  }
}

function judged(daemon: RunningEngine, answers: Set<string>): JournalJudge {
  const judge = new JournalJudge(limits);
  for (let after = 0; ;) {
    const { rows } = daemon.store.feed.page({ after, limit: 500 });
    for (const row of rows) {
      const event = JSON.parse(row.body) as RecordedEvent;
      judge.read(event);
      const isGated = event.type === 'action_intended' && event.target === 'tool:asked';
      if (isGated) expect(event.approval).toBeDefined();
      if (event.type === 'approval_resolved') answers.add(event.behavior);
      else if (event.type === 'question_resolved') answers.add(event.declined ? 'deny' : 'allow');
      else if ('reason' in event && event.reason === 'expired') answers.add('expired');
    }
    if (rows.length === 0) return judge;
    after = rows.at(-1)?.seq ?? after;
  }
}

test('in any interleaving of commands, answers, tools, crashes and restarts only listed transitions are taken', async () => {
  const seen = new Set<string>();
  const answers = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 80 }), async (steps) => {
      await using life = new Life();
      await life.start();
      for (const id of ['a', 'b']) await life.daemon.engine.createSession({ session_id: id });
      await life.askForActs();
      for (const next of steps) await life.happen(next);
      await life.letItEnd();

      const { store, log } = life.daemon;
      const judge = judged(life.daemon, answers);
      for (const id of life.accepted) expect(judge.runs.has(id)).toBe(true);
      for (const [id, { status, stop }] of judge.runs) {
        expect(store.read.run(id)?.status).toBe(status);
        expect(isTerminal(status as never)).toBe(true);
        seen.add(stop === undefined ? status : `${status} on request`);
      }
      expect(new Set(life.actsBegun).size).toBe(life.actsBegun.length);
      for (const ids of life.byKey.values()) expect(ids.size).toBe(1);
      for (const id of life.cancelled) expect(judge.runs.get(id)?.status).toBe('cancelled');
      for (const id of life.interrupted)
        expect(['interrupted', 'cancelled']).toContain(judge.runs.get(id)?.status);
      for (const id of life.ended) expect(judge.sessions.get(id)?.status).not.toBe('open');
      for (const id of life.deleted) expect(judge.sessions.get(id)?.status).toBe('deleted');
      expect((await store.verify()).findings).toEqual([]);
      expect(log).toEqual([]);
    }),
    { numRuns: 70 },
  );
  // The days were not too quiet to show anything.
  expect([...seen]).toEqual(
    expect.arrayContaining([
      'cancelled',
      'cancelled on request',
      'completed',
      'failed',
      'interrupted on request',
    ]),
  );
  expect([...answers].toSorted()).toEqual(['allow', 'deny', 'expired']);
}, 120_000);
