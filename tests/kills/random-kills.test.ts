import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@kheish/client-sdk';
import { expect, test } from 'vitest';
import {
  type DaemonProcess,
  type DaemonStart,
  launchDaemon,
  sandbox,
  startDaemon,
} from '../harness/daemon-process.ts';
import { type Frame, openStream } from '../harness/event-stream.ts';
import { agentRoutes, answerTo, startFakeAgent } from '../harness/fake-agent.ts';
import { SeededChance, crashSeed } from '../harness/seeded-chance.ts';
import { all, expectSound } from '../harness/soundness.ts';
import { within } from '../harness/until.ts';

const KILLS = 40;
const SESSIONS = 4;
const INPUTS_PER_ROUND = 2;

/**
 * Two kills in a row, then everything must come to its end: a run that takes the daemon down three times without a
 * new step is given up, and rightly so.
 */
const KILLS_BEFORE_REST = 2;

const seed = crashSeed();

test(
  `${KILLS} random kills under load lose and double nothing, CRASH_SEED=${seed} [holds runs.survive_kill]`,
  { timeout: 240_000 },
  async () => {
    const chance = new SeededChance(seed);
    using box = sandbox();
    await using agent = await startFakeAgent({ chunkDelayMs: 4 });
    const start = { sandbox: box, routesFile: agentRoutes(box, agent) };
    const work = new Work();
    const followed: Frame[] = [];

    await using daemons = new AsyncDisposableStack();
    const next = async () => daemons.use(await startDaemon(start));
    let daemon = await next();

    for (let kills = 1; kills <= KILLS; kills += 1) {
      const cursor = followed.at(-1)?.id ?? '0';
      using stream = await openStream(`${daemon.url}/v1/events/stream?cursor=0`, cursor);
      const submitting = work.submit(daemon, work.newInputs());
      await sleep(chance.between(0, 250));
      await daemon.kill();
      await submitting;
      await stream.ended();
      followed.push(...stream.durable);
      if (kills % KILLS_BEFORE_REST !== 0 && chance.between(1, 3) === 1) {
        await killDuringStart(start, chance);
        kills += 1;
      }
      daemon = await next();
      if (kills % KILLS_BEFORE_REST !== 0) continue;
      await work.submit(daemon, work.unanswered());
      expect(work.unanswered()).toEqual([]);
      await expectAllCompleted(work, daemon);
    }

    const client = createClient({ baseUrl: daemon.url });
    await expectSound(client);
    const runs = await all(client.runs.list({ limit: 100 }));
    expect(runs.map(({ run_id }) => run_id).toSorted()).toEqual(work.runIds().toSorted());

    const { events } = await client.status();
    using rest = await openStream(
      `${daemon.url}/v1/events/stream?cursor=0`,
      followed.at(-1)?.id ?? '0',
    );
    await rest.reached(events.newest_event_id);
    followed.push(...rest.durable);
    expect(followed.map(({ id }) => Number(id))).toEqual(
      followed.map((_frame, index) => index + 1),
    );
  },
);

interface Input {
  readonly sessionId: string;
  /** The idempotency key, and what is said. */
  readonly key: string;
}

/** What was asked of the daemons of this root, and what they answered. */
class Work {
  readonly #inputs: Input[] = [];
  /** The runs that were named in answer to a key. */
  readonly #answers = new Map<string, Set<string>>();
  readonly #checked = new Set<string>();

  newInputs(): Input[] {
    const inputs: Input[] = [];
    for (let session = 0; session < SESSIONS; session += 1) {
      for (let count = 0; count < INPUTS_PER_ROUND; count += 1) {
        inputs.push({
          sessionId: `session-${session}`,
          key: `input-${this.#inputs.length + inputs.length}`,
        });
      }
    }
    this.#inputs.push(...inputs);
    return inputs;
  }

  unanswered(): Input[] {
    return this.#inputs.filter(({ key }) => !this.#answers.has(key));
  }

  runIds(): string[] {
    return [...this.#answers.values()].flatMap((ids) => [...ids]);
  }

  /** Submits each input twice at once, and once more under the same key what has its answer already. */
  async submit(daemon: DaemonProcess, inputs: readonly Input[]): Promise<void> {
    const client = createClient({ baseUrl: daemon.url, graceMs: 0 });
    const answered = this.#inputs.findLast(({ key }) => this.#answers.has(key));
    await Promise.all(
      [...inputs, ...inputs, ...(answered === undefined ? [] : [answered])].map(async (input) => {
        const { sessionId, key } = input;
        try {
          await client.sessions.create({ session_id: sessionId }, { idempotencyKey: sessionId });
          const run = await client.sessions.submit(sessionId, key, { idempotencyKey: key });
          this.#answers.set(key, (this.#answers.get(key) ?? new Set()).add(run.run_id));
        } catch (error) {
          if ((error as Error).name !== 'DaemonUnreachable') throw error;
        }
      }),
    );
  }

  /** Keys with the runs named in answer to them, each key once. */
  newlyAnswered(): [key: string, runIds: ReadonlySet<string>][] {
    const fresh = [...this.#answers].filter(([key]) => !this.#checked.has(key));
    for (const [key] of fresh) this.#checked.add(key);
    return fresh;
  }
}

async function expectAllCompleted(work: Work, daemon: DaemonProcess): Promise<void> {
  const client = createClient({ baseUrl: daemon.url });
  for (const [key, ids] of work.newlyAnswered()) {
    const [runId = '', ...others] = ids;
    expect(others).toEqual([]);
    const run = await client.runs.wait(runId, { timeoutMs: 30_000 });
    expect(run).toMatchObject({ status: 'completed', steps: 3 });
    expect(run.outputs.map(({ content }) => content)).toEqual([answerTo(key)]);
  }
}

/** A kill that may come before the root is held, while it is recovered, or just as the daemon is ready. */
async function killDuringStart(start: DaemonStart, chance: SeededChance): Promise<void> {
  const { child, ready } = launchDaemon(start);
  ready.catch(() => undefined);
  const exit = once(child, 'exit');
  await sleep(chance.between(150, 600));
  child.kill('SIGKILL');
  await within('the end of a killed start', exit);
}
