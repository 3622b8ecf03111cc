import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type StreamFrame, createClient } from '@kheish/client-sdk';
import { type RecordedEvent, sessionIdOf } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { type CuttingProxy, startCuttingProxy } from '../harness/cutting-proxy.ts';
import { type DaemonProcess, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { openStream } from '../harness/event-stream.ts';
import { agentRoutes, startFakeAgent } from '../harness/fake-agent.ts';
import { SeededChance, crashSeed } from '../harness/seeded-chance.ts';
import { all } from '../harness/soundness.ts';
import { until, within } from '../harness/until.ts';

const DISCONNECTS = 1_000;
const RESTARTS = 20;
const SESSIONS = ['s0', 's1', 's2', 's3'];
/** One run in so many is followed from its beginning to its end. */
const RUNS_PER_FOLLOWED = 8;

const seed = crashSeed();

test(
  `over ${DISCONNECTS} disconnects and ${RESTARTS} restarts each event comes once and in order, CRASH_SEED=${seed} [holds streams.exact]`,
  { timeout: 240_000 },
  async () => {
    const chance = new SeededChance(seed);
    using box = sandbox();
    await using agent = await startFakeAgent({ chunkDelayMs: 2 });
    const start = { sandbox: box, routesFile: agentRoutes(box, agent) };
    await using proxy = await startCuttingProxy(chance, { bytes: 100_000, ms: 60 });
    await using daemons = new AsyncDisposableStack();
    let daemon: DaemonProcess = daemons.use(await startDaemon(start));
    proxy.leadTo(daemon.url);
    const direct = () => createClient({ baseUrl: daemon.url, graceMs: 0 });
    for (const session_id of SESSIONS) await direct().sessions.create({ session_id });

    const followers = [rawFollower, sdkFollower].flatMap((follow) =>
      subjects.map((subject) => new Follower(subject, (seen) => follow(subject, proxy, seen))),
    );
    const busy = new AbortController();
    const runs = new Map<string, Promise<RecordedEvent[]>>();
    const load = SESSIONS.map((session) => keepBusy(session, direct, proxy, runs, busy.signal));

    for (let restarts = 1; restarts <= RESTARTS; restarts += 1) {
      const due = (restarts * DISCONNECTS) / RESTARTS;
      await until('disconnects', () => proxy.cuts >= due || undefined, 60_000);
      proxy.leadTo(undefined);
      await (chance.between(0, 1) === 0 ? daemon.kill() : daemon.stop());
      daemon = daemons.use(await startDaemon(start));
      proxy.leadTo(daemon.url);
    }
    busy.abort();
    await Promise.all(load);
    await until('the end of all runs', async () => {
      const { queued, running } = (await direct().status()).runs;
      return queued + running === 0 || undefined;
    });

    using truth = await openStream(`${daemon.url}/v1/events/stream?cursor=0`);
    await truth.reached((await direct().status()).events.newest_event_id);
    const { events } = truth;
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index + 1));
    for (const follower of followers) {
      const expected = events.filter((event) => follower.subject.includes(event));
      await until(
        'the last event',
        () => follower.seen.length >= expected.length || undefined,
        60_000,
      );
      await follower.leave();
      expect(follower.seen).toEqual(expected);
    }
    expect(runs.size).toBeGreaterThan(0);
    for (const [runId, followed] of runs) {
      const told = await within('the end of a run', followed);
      expect(told).toEqual(await all(direct().runs.events(runId, { limit: 100 })));
    }
    expect(proxy.cuts).toBeGreaterThanOrEqual(DISCONNECTS);
  },
);

interface Subject {
  readonly path: string;
  open(client: Client, signal: AbortSignal): AsyncIterable<StreamFrame>;
  includes(event: RecordedEvent): boolean;
}

const subjects: readonly Subject[] = [
  {
    path: '/v1/events/stream',
    open: (client, signal) => client.events.stream({ cursor: '0', signal }),
    includes: () => true,
  },
  {
    path: '/v1/sessions/s0/stream',
    open: (client, signal) => client.sessions.stream('s0', { cursor: '0', signal }),
    includes: (event) => sessionIdOf(event) === 's0',
  },
];

/** Who follows a subject from the beginning until it leaves. */
class Follower {
  readonly subject: Subject;
  readonly seen: RecordedEvent[] = [];
  readonly #left = new AbortController();
  readonly #following: Promise<void>;

  constructor(subject: Subject, follow: (follower: Seen) => Promise<void>) {
    this.subject = subject;
    this.#following = follow({ events: this.seen, signal: this.#left.signal });
  }

  async leave(): Promise<void> {
    this.#left.abort();
    await this.#following;
  }
}

interface Seen {
  readonly events: RecordedEvent[];
  readonly signal: AbortSignal;
}

/** As a program without our client does it: by turns with the cursor in the address and in the header. */
async function rawFollower({ path }: Subject, proxy: CuttingProxy, { events, signal }: Seen) {
  for (let connections = 0; !signal.aborted; connections += 1) {
    const last = String(events.at(-1)?.seq ?? 0);
    const inHeader = connections % 2 === 0;
    try {
      using stream = await openStream(
        `${proxy.url}${path}?cursor=${inHeader ? '0' : last}`,
        inHeader ? last : undefined,
      );
      await stream.ended();
      events.push(...stream.events);
    } catch {
      await sleep(10);
    }
  }
}

async function sdkFollower(subject: Subject, proxy: CuttingProxy, { events, signal }: Seen) {
  const client = createClient({ baseUrl: proxy.url, graceMs: 60_000 });
  await fromFirstContact(events, signal, async () => {
    for await (const { id, event } of subject.open(client, signal)) {
      if (id !== undefined) events.push(event as RecordedEvent);
    }
  });
}

/** The client gives up at once where its very first connection fails: then it is asked again. */
async function fromFirstContact(
  events: readonly RecordedEvent[],
  signal: AbortSignal,
  follow: () => Promise<void>,
): Promise<void> {
  for (;;) {
    try {
      return await follow();
    } catch (error) {
      if (signal.aborted) return;
      if (!isDown(error) || events.length > 0) throw error;
      await sleep(20);
    }
  }
}

/** One run of the session after the other; now and then one is followed through the bad network to its end. */
async function keepBusy(
  session: string,
  direct: () => Client,
  proxy: CuttingProxy,
  followed: Map<string, Promise<RecordedEvent[]>>,
  stop: AbortSignal,
): Promise<void> {
  for (let count = 0; !stop.aborted; count += 1) {
    try {
      const { run_id } = await direct().sessions.submit(session, `input ${count}`);
      if (count % RUNS_PER_FOLLOWED === 0) followed.set(run_id, followRun(run_id, proxy));
      await direct().runs.wait(run_id);
    } catch (error) {
      if (!isDown(error)) throw error;
      await sleep(20);
    }
  }
}

/** Gone, cut off, or going down. */
function isDown(error: unknown): boolean {
  const { name, status } = error as Error & { status?: number };
  return name === 'DaemonUnreachable' || status === 503;
}

async function followRun(runId: string, proxy: CuttingProxy): Promise<RecordedEvent[]> {
  const client = createClient({ baseUrl: proxy.url, graceMs: 60_000 });
  const events: RecordedEvent[] = [];
  await fromFirstContact(events, new AbortController().signal, async () => {
    for await (const { id, event } of client.runs.stream(runId)) {
      if (id !== undefined) events.push(event as RecordedEvent);
    }
  });
  return events;
}
