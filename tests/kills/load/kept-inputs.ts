import { type Client, createClient } from '@kheish/client-sdk';
import { expect } from 'vitest';
import type { DaemonProcess } from '../../harness/daemon-process.ts';
import type { SeededChance } from '../../harness/seeded-chance.ts';
import { busyAnswerTo } from './busy-agent.ts';

const SESSIONS = 4;
const INPUTS_PER_ROUND = 2;

interface Input {
  readonly sessionId: string;
  /** The idempotency key, and how the content begins. */
  readonly key: string;
  readonly content: string;
}

/** Inputs that nobody stops: each must make one run, and come to its right end. */
export class KeptInputs {
  readonly #inputs: Input[] = [];
  readonly #chance: SeededChance;
  /** The runs that were named in answer to a key. */
  readonly #answers = new Map<string, Set<string>>();
  readonly #checked = new Set<string>();

  constructor(chance: SeededChance) {
    this.#chance = chance;
  }

  get runIds(): string[] {
    return [...this.#answers.values()].flatMap((ids) => [...ids]);
  }

  /** Submits new inputs, each twice at once, and one that has its answer already under its key again. */
  async submitNew(daemon: DaemonProcess): Promise<void> {
    const answered = this.#inputs.findLast(({ key }) => this.#answers.has(key));
    const inputs = this.#newInputs();
    await this.#submit(daemon, [...inputs, ...inputs, ...(answered ? [answered] : [])]);
  }

  /** Asks again what had no answer when its daemon died, then waits until all has come to its end. */
  async settle(daemon: DaemonProcess): Promise<void> {
    await this.#submit(daemon, this.#unanswered());
    expectNone(this.#unanswered());
    const client = createClient({ baseUrl: daemon.url });
    const fresh = this.#inputs.filter(({ key }) => !this.#checked.has(key));
    await Promise.all(
      fresh.map((input) => {
        this.#checked.add(input.key);
        return expectCompleted(client, input, this.#answers.get(input.key) ?? new Set());
      }),
    );
  }

  #unanswered(): Input[] {
    return this.#inputs.filter(({ key }) => !this.#answers.has(key));
  }

  #newInputs(): Input[] {
    const from = this.#inputs.length;
    const inputs = Array.from({ length: SESSIONS * INPUTS_PER_ROUND }, (_value, nth) => {
      const key = `input-${from + nth}`;
      // One in four is long: half of those in a row of the database, half in a file of `assets/`.
      const long = [20_000, 70_000][this.#chance.between(0, 7)] ?? 0;
      return { sessionId: `kept-${nth % SESSIONS}`, key, content: `${key}?${'x'.repeat(long)}` };
    });
    this.#inputs.push(...inputs);
    return inputs;
  }

  async #submit(daemon: DaemonProcess, inputs: readonly Input[]): Promise<void> {
    const client = createClient({ baseUrl: daemon.url, graceMs: 0 });
    await Promise.all(
      inputs.map(async ({ sessionId, key, content }) => {
        try {
          await client.sessions.create({ session_id: sessionId }, { idempotencyKey: sessionId });
          const run = await client.sessions.submit(sessionId, content, { idempotencyKey: key });
          this.#answers.set(key, (this.#answers.get(key) ?? new Set()).add(run.run_id));
        } catch (error) {
          if ((error as Error).name !== 'DaemonUnreachable') throw error;
        }
      }),
    );
  }
}

function expectNone(inputs: readonly Input[]): void {
  expect(inputs).toEqual([]);
}

async function expectCompleted(
  client: Client,
  { content }: Input,
  answers: ReadonlySet<string>,
): Promise<void> {
  const [runId = '', ...others] = answers;
  expect(others).toEqual([]);
  const run = await client.runs.wait(runId, { timeoutMs: 30_000 });
  expect(run).toMatchObject({ status: 'completed', steps: 3 });
  expect(run.outputs.map((output) => output.content)).toEqual([busyAnswerTo(content)]);
}
