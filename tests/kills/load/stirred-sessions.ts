import { type Client, KheishError, createClient, isTerminal } from '@kheish/client-sdk';
import { expect } from 'vitest';
import type { DaemonProcess } from '../../harness/daemon-process.ts';
import type { SeededChance } from '../../harness/seeded-chance.ts';

const SESSIONS_AT_ONCE = 2;
const ACTORS = 3;

/** What was asked of a run or a session: `maybe` where the daemon died before it answered. */
type Asked = 'maybe' | 'answered';

interface AskedOfRun {
  cancel?: Asked;
  interrupt?: Asked;
}

interface StirredSession {
  readonly id: string;
  readonly runs: Map<string, AskedOfRun>;
  /** Submits under way: the run of each may be there before its answer is. */
  readonly submitting: Set<AskedOfRun>;
  /** Runs that an answer named as interrupted. */
  readonly interrupted: Set<string>;
  interruptsUnderWay: number;
  /** Submits without an answer: each may have made a run. */
  unanswered: number;
  end?: Asked;
  delete?: Asked;
}

/** Sessions in which runs are cancelled, interrupted, ended and deleted while the daemon is killed. */
export class StirredSessions {
  readonly #chance: SeededChance;
  readonly #sessions: StirredSession[] = [];

  constructor(chance: SeededChance) {
    this.#chance = chance;
  }

  get runIds(): string[] {
    return this.#sessions.flatMap(({ runs }) => [...runs.keys()]);
  }

  /** How many runs there may be of which no answer told. */
  get unanswered(): number {
    return this.#sessions.reduce((sum, { unanswered }) => sum + unanswered, 0);
  }

  get deleted(): string[] {
    return this.#sessions.flatMap((session) => (session.delete === undefined ? [] : session.id));
  }

  /** Stirs until the daemon is gone. */
  async stir(daemon: DaemonProcess): Promise<void> {
    const client = createClient({ baseUrl: daemon.url, graceMs: 0 });
    while (this.#open().length < SESSIONS_AT_ONCE) {
      this.#sessions.push({
        id: `stirred-${this.#sessions.length}`,
        runs: new Map(),
        submitting: new Set(),
        interrupted: new Set(),
        interruptsUnderWay: 0,
        unanswered: 0,
      });
    }
    // Ends and deletes want an idle session: those of the last round are, as the daemon starts.
    const idle = this.#sessions.find((session) => session.delete === undefined);
    const leaving = idle === undefined ? [] : [this.#leave(client, idle)];
    const actors = Array.from({ length: ACTORS }, async () => {
      while (daemon.alive && (await this.#act(client))) {
        // Until the daemon is gone.
      }
    });
    await Promise.all([...leaving, ...actors]);
  }

  /** Nothing that was answered is lost, and what was not stopped came to its right end. */
  async expectKept(daemon: DaemonProcess): Promise<void> {
    const client = createClient({ baseUrl: daemon.url });
    for (const session of this.#sessions) await expectSessionKept(client, session);
    // What is settled needs no second look.
    for (const session of this.#sessions) if (session.delete === 'answered') session.runs.clear();
  }

  #open(): StirredSession[] {
    return this.#sessions.filter((session) => session.end === undefined && !session.delete);
  }

  async #leave(client: Client, session: StirredSession): Promise<void> {
    if (this.#chance.between(0, 1) === 0) {
      await ask(session, 'end', () => client.sessions.end(session.id));
    }
    if (this.#chance.between(0, 1) === 0) {
      await ask(session, 'delete', () => client.sessions.delete(session.id));
    }
  }

  /** One command, to any of the sessions; false where the daemon is gone. */
  async #act(client: Client): Promise<boolean> {
    const open = this.#open();
    const session = open[this.#chance.between(0, open.length - 1)];
    if (session === undefined) return false;
    const runs = [...session.runs];
    const [runId, asked] =
      runs[this.#chance.between(Math.max(0, runs.length - 4), runs.length - 1)] ?? [];
    const what = this.#chance.between(0, 9);
    if (what < 5 || runId === undefined || asked === undefined) return submit(client, session);
    if (what < 8) return ask(asked, 'cancel', () => client.runs.cancel(runId));
    return interrupt(client, session);
  }
}

async function expectSessionKept(client: Client, session: StirredSession): Promise<void> {
  for (const [runId, asked] of session.runs) {
    const { status } = await client.runs.wait(runId, { timeoutMs: 30_000 });
    expect(isTerminal(status)).toBe(true);
    if (asked.cancel === 'answered') expect(status).toBe('cancelled');
    else if (session.interrupted.has(runId)) expect(['interrupted', 'cancelled']).toContain(status);
    else expect(['completed', ...endsOf(session, asked)]).toContain(status);
  }
  const state = await statusOf(client, session.id);
  if (session.delete === 'answered') expect(state).toBe('deleted');
  else if (session.end === 'answered') expect(['ended', 'deleted']).toContain(state);
}

/** What else than completed a run may be, by what may have been asked of it. */
function endsOf(session: StirredSession, asked: AskedOfRun): string[] {
  const cancelled = asked.cancel ?? session.end ?? session.delete;
  return [...(cancelled ? ['cancelled'] : []), ...(asked.interrupt ? ['interrupted'] : [])];
}

async function statusOf(client: Client, id: string): Promise<string> {
  try {
    return (await client.sessions.get(id)).status;
  } catch (error) {
    if (error instanceof KheishError && error.code === 'sessions/session_not_found')
      return 'deleted';
    throw error;
  }
}

/** Marks what is asked before, and what was answered after; a refusal leaves no mark. False where the daemon is gone. */
async function ask<K extends string>(
  marks: { [P in K]?: Asked },
  what: K,
  call: () => Promise<unknown>,
): Promise<boolean> {
  const before = marks[what];
  marks[what] ??= 'maybe';
  try {
    await call();
    marks[what] = 'answered';
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    if (!isRefusal(error)) throw error;
    if (before === undefined) delete marks[what];
    return true;
  }
}

async function submit(client: Client, session: StirredSession): Promise<boolean> {
  const asked: AskedOfRun = session.interruptsUnderWay > 0 ? { interrupt: 'maybe' } : {};
  session.submitting.add(asked);
  session.unanswered += 1;
  try {
    await client.sessions.create({ session_id: session.id });
    const run = await client.sessions.submit(session.id, 'stirred');
    session.runs.set(run.run_id, asked);
    session.unanswered -= 1;
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    if (!isRefusal(error)) throw error;
    session.unanswered -= 1;
    return true;
  } finally {
    session.submitting.delete(asked);
  }
}

/** An interrupt names its run only in its answer: it may be of any, also of one whose own answer is still on its way. */
async function interrupt(client: Client, session: StirredSession): Promise<boolean> {
  for (const asked of [...session.runs.values(), ...session.submitting]) {
    asked.interrupt ??= 'maybe';
  }
  session.interruptsUnderWay += 1;
  try {
    const { run_id: runId } = await client.sessions.interrupt(session.id);
    if (runId !== undefined) session.interrupted.add(runId);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    if (!isRefusal(error)) throw error;
    return true;
  } finally {
    session.interruptsUnderWay -= 1;
  }
}

const isGone = (error: unknown) => (error as Error).name === 'DaemonUnreachable';

const refusals = [
  'session_busy',
  'session_ended',
  'session_deleted',
  'session_not_found',
  'run_state_conflict',
  'queue_full',
];

function isRefusal(error: unknown): boolean {
  return error instanceof KheishError && refusals.includes(error.shortCode);
}
