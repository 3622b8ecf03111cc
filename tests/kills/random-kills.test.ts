import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
import { agentRoutes } from '../harness/fake-agent.ts';
import { runKheish } from '../harness/kheish-command.ts';
import { SeededChance, crashSeed } from '../harness/seeded-chance.ts';
import { all, expectSound } from '../harness/soundness.ts';
import { until, within } from '../harness/until.ts';
import { LONG_FILE, startBusyAgent } from './load/busy-agent.ts';
import { KeptInputs } from './load/kept-inputs.ts';
import { KeptSecrets } from './load/kept-secrets.ts';
import { StirredSessions } from './load/stirred-sessions.ts';

/** `npm run test:crash -- --kills N` sets another number. */
const KILLS = Number(process.env['CRASH_KILLS'] ?? 40);

/** Then comes a new root: looking at everything that ever happened on one takes longer each time. */
const KILLS_PER_ROOT = 100;

/**
 * Two kills in a row, then everything must come to its end: a run that takes the daemon down three times without a
 * new step is given up, and rightly so.
 */
const KILLS_BEFORE_REST = 2;

const seed = crashSeed();
const roots = Array.from({ length: Math.ceil(KILLS / KILLS_PER_ROOT) }, (_value, nth) => ({
  kills: Math.min(KILLS_PER_ROOT, KILLS - nth * KILLS_PER_ROOT),
  seed: seed + nth,
}));

test.each(roots)(
  '$kills random kills under load lose and double nothing, CRASH_SEED=$seed [holds runs.survive_kill]',
  { timeout: KILLS_PER_ROOT * 10_000 },
  async ({ kills, seed: own }) => {
    const chance = new SeededChance(own);
    using box = sandbox();
    mkdirSync(box.workspaceRoot);
    writeFileSync(join(box.workspaceRoot, 'long.txt'), LONG_FILE);
    await using agent = await startBusyAgent();
    const masterKey = (await runKheish(['secrets', 'generate'])).stdout.trim();
    const env = { KHEISH_AUTH_STORE_MASTER_KEY: masterKey };
    const start = { sandbox: box, routesFile: agentRoutes(box, agent), env };
    const kept = new KeptInputs(chance);
    const stirred = new StirredSessions(chance);
    const secrets = new KeptSecrets();
    const followed: Frame[] = [];

    await using daemons = new AsyncDisposableStack();
    const next = async () => daemons.use(await startDaemon(start));
    let daemon = await next();

    for (let killed = 1; killed <= kills; killed += 1) {
      const cursor = followed.at(-1)?.id ?? '0';
      using stream = await openStream(`${daemon.url}/v1/events/stream?cursor=0`, cursor);
      const load = Promise.all([
        kept.submitNew(daemon),
        stirred.stir(daemon),
        secrets.write(daemon),
      ]);
      await sleep(chance.between(0, 250));
      await daemon.kill();
      await load;
      await stream.ended();
      followed.push(...stream.durable);
      if (killed % KILLS_BEFORE_REST !== 0 && chance.between(1, 3) === 1) {
        await killDuringStart(start, chance);
        killed += 1;
      }
      daemon = await next();
      if (killed % KILLS_BEFORE_REST !== 0) continue;
      await kept.settle(daemon);
      await stirred.expectKept(daemon);
      await secrets.expectKept(daemon);
      await expectRest(daemon);
    }

    const client = createClient({ baseUrl: daemon.url });
    await expectSound(client);
    const runs = (await all(client.runs.list({ limit: 100 }))).map(({ run_id }) => run_id);
    const known = [...kept.runIds, ...stirred.runIds];
    expect(runs).toEqual(expect.arrayContaining(known));
    expect(new Set(runs).size).toBe(runs.length);
    const ofKept = await Promise.all(
      [0, 1, 2, 3].map((nth) => all(client.runs.list({ limit: 100, sessionId: `kept-${nth}` }))),
    );
    expect(
      ofKept
        .flat()
        .map(({ run_id }) => run_id)
        .toSorted(),
    ).toEqual(kept.runIds.toSorted());
    await expectFollowedExactly(daemon, followed, stirred.deleted);
  },
);

/** Nothing runs or waits any more, and the tables are what the journal says. */
async function expectRest(daemon: DaemonProcess): Promise<void> {
  const client = createClient({ baseUrl: daemon.url });
  await until('everything to come to its end', async () => {
    const { running, queued } = (await client.status()).runs;
    return running + queued === 0 || undefined;
  });
  expect(await client.store.verify()).toMatchObject({ ok: true, findings: [] });
}

/** All that was followed is every event once, in order, and what the journal says to this day, but for erased texts. */
async function expectFollowedExactly(
  daemon: DaemonProcess,
  followed: Frame[],
  deleted: readonly string[],
): Promise<void> {
  const { events } = await createClient({ baseUrl: daemon.url }).status();
  const url = `${daemon.url}/v1/events/stream?cursor=0`;
  using rest = await openStream(url, followed.at(-1)?.id ?? '0');
  using replay = await openStream(url);
  await Promise.all([rest, replay].map((stream) => stream.reached(events.newest_event_id)));
  const seen = [...followed, ...rest.durable];
  expect(seen.map(({ id }) => Number(id))).toEqual(seen.map((_frame, index) => index + 1));
  const erased = new Set(deleted);
  const kept = (frames: readonly Frame[]) =>
    frames.filter(({ data }) => {
      const { session_id: sessionId } = JSON.parse(data) as { session_id?: string };
      return sessionId === undefined || !erased.has(sessionId);
    });
  expect(kept(seen)).toEqual(kept(replay.durable));
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
