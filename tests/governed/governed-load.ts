import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, KheishError, type RecordedEvent, createClient } from '@kheish/client-sdk';
import { isTerminal } from '@kheish/core-model';
import { expect } from 'vitest';
import type { DaemonProcess, Sandbox } from '../harness/daemon-process.ts';
import type { SeededChance } from '../harness/seeded-chance.ts';
import { all } from '../harness/soundness.ts';
import { until } from '../harness/until.ts';
import { type ToolCall, bash, calls } from './operator.ts';

const SESSIONS = 4;
const ACTORS = 4;
const RUNS_PER_ROUND = 8;

interface GovernedRun {
  readonly key: string;
  readonly session: string;
  runId?: string;
  cancel?: 'maybe' | 'answered';
}

const asking: ToolCall = ['ask_user_question', { questions: [{ id: 'q', question: 'Well?' }] }];

/** Each command leaves a line in a file of its own as often as it is carried out. */
const inputOf = (key: string) =>
  calls([bash(`sleep 0.02; echo line >> ${key}-1`), asking], [bash(`echo line >> ${key}-2`)]);

/**
 * Runs that need their operator, and an operator who allows, denies, answers, declines and cancels at random while the
 * daemon is killed.
 */
export class GovernedLoad {
  readonly #chance: SeededChance;
  readonly #box: Sandbox;
  #runs: GovernedRun[] = [];
  #count = 0;

  constructor(chance: SeededChance, box: Sandbox) {
    this.#chance = chance;
    this.#box = box;
  }

  /** Submits and answers until the daemon is gone. */
  async stir(daemon: DaemonProcess): Promise<void> {
    const client = createClient({ baseUrl: daemon.url, graceMs: 0 });
    for (let nth = 0; nth < RUNS_PER_ROUND; nth += 1) {
      this.#count += 1;
      this.#runs.push({ key: `run-${this.#count}`, session: `governed-${nth % SESSIONS}` });
    }
    const actors = Array.from({ length: ACTORS }, async () => {
      while (daemon.alive) await tolerant(() => this.#act(client));
    });
    await Promise.all([tolerant(() => this.#submit(client)), ...actors]);
  }

  /** All that waits is allowed and answered until everything is over; each run must then be what was made of it. */
  async settle(daemon: DaemonProcess): Promise<void> {
    const client = createClient({ baseUrl: daemon.url });
    await this.#submit(client);
    await until('all runs to end', async () => {
      const views = await Promise.all(this.#runs.map(({ runId = '' }) => client.runs.get(runId)));
      if (views.every(({ status }) => isTerminal(status))) return true;
      await tolerant(() => this.#allowAll(client));
      return undefined;
    });
    for (const run of this.#runs) await expectKept(client, this.#box.workspaceRoot, run);
    this.#runs = [];
  }

  async #submit(client: Client): Promise<void> {
    for (const run of this.#runs) {
      if (run.runId !== undefined) continue;
      const { key, session } = run;
      await client.sessions.create({ session_id: session }, { idempotencyKey: session });
      const accepted = await client.sessions.submit(session, inputOf(key), { idempotencyKey: key });
      run.runId = accepted.run_id;
    }
  }

  async #act(client: Client): Promise<void> {
    const what = this.#chance.between(0, 9);
    if (what < 1) await this.#cancel(client);
    else if (what < 6) await this.#resolveOne(client);
    else await this.#answerOne(client);
  }

  async #cancel(client: Client): Promise<void> {
    const run = this.#runs[this.#chance.between(0, this.#runs.length - 1)];
    if (run?.runId === undefined) return;
    run.cancel ??= 'maybe';
    await client.runs.cancel(run.runId);
    run.cancel = 'answered';
  }

  async #resolveOne(client: Client): Promise<void> {
    const open = await all(client.approvals.list());
    const view = open[this.#chance.between(0, Math.max(0, open.length - 1))];
    if (view === undefined) return;
    const behavior = this.#chance.between(0, 3) === 0 ? 'deny' : 'allow';
    await client.approvals.resolve(view.run_id, [{ request_id: view.request.id, behavior }]);
  }

  async #answerOne(client: Client): Promise<void> {
    const open = await all(client.questions.list());
    const view = open[this.#chance.between(0, Math.max(0, open.length - 1))];
    if (view === undefined) return;
    await answer(client, view.run_id, view.request.id, this.#chance.between(0, 3) === 0);
  }

  async #allowAll(client: Client): Promise<void> {
    for (const { run_id, request } of await all(client.approvals.list())) {
      await client.approvals.resolve(run_id, [{ request_id: request.id, behavior: 'allow' }]);
    }
    for (const { run_id, request } of await all(client.questions.list())) {
      await answer(client, run_id, request.id, false);
    }
  }
}

async function expectKept(
  client: Client,
  workspace: string,
  { key, runId = '', cancel }: GovernedRun,
): Promise<void> {
  const { status } = await client.runs.get(runId);
  if (cancel === 'answered') expect(status).toBe('cancelled');
  else expect(cancel === 'maybe' ? ['completed', 'cancelled'] : ['completed']).toContain(status);
  const events = await all(client.runs.events(runId, { limit: 100 }));
  for (const step of [1, 2])
    expectCarriedOut(events, step, linesOf(join(workspace, `${key}-${step}`)));
}

/** The command of a step was carried out as often as the journal says of it. */
function expectCarriedOut(events: readonly RecordedEvent[], step: number, lines: number): void {
  const ofStep = events.filter((event) => 'step' in event && event.step === step);
  const begun = ofStep.filter(({ type }) => type === 'action_started').length;
  expect(begun).toBeLessThanOrEqual(1);
  const settled = ofStep.find(
    (event) => event.type === 'action_settled' && event.target === 'tool:bash',
  );
  const outcome = settled?.type === 'action_settled' ? settled.outcome : 'refused';
  if (outcome === 'succeeded') expect(lines).toBe(1);
  else expect(lines).toBeLessThanOrEqual(begun);
}

function linesOf(file: string): number {
  try {
    return readFileSync(file, 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}

async function answer(client: Client, runId: string, request_id: string, declined: boolean) {
  const answers = declined ? [] : [{ question_id: 'q', freeform_answer: 'well' }];
  await client.questions.resolve(runId, { request_id, answers, declined });
}

const refusals = [
  'approvals/approval_not_open',
  'questions/question_state_conflict',
  'runs/run_state_conflict',
  'runs/not_taken_over',
];

/** Who comes too late is refused, and who asks a dead daemon hears nothing. */
async function tolerant(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const isRefusal = error instanceof KheishError && refusals.includes(error.code);
    if (!isRefusal && (error as Error).name !== 'DaemonUnreachable') throw error;
  }
}
