import { createClient } from '@kheish/client-sdk';
import type { CrashPoint } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import {
  type DaemonProcess,
  type DaemonStart,
  launchDaemon,
  sandbox,
  startDaemon,
} from '../harness/daemon-process.ts';
import { type EventStream, openStream } from '../harness/event-stream.ts';
import { agentRoutes, answerTo, startFakeAgent } from '../harness/fake-agent.ts';
import { expectSound } from '../harness/soundness.ts';
import { within } from '../harness/until.ts';

/**
 * Which occurrences of each boundary are tried. Commits: 1 is the start itself, 2 creates the session, 3 accepts
 * the input and starts the run, 4 to 8 settle three model calls and between them two tool calls.
 */
const boundaries: Record<CrashPoint, readonly number[]> = {
  'commit.begun': [1, 3, 5],
  'commit.applied': [2, 3, 6, 8],
  'commit.durable': [1, 3, 4, 7, 8],
  'commit.published': [3, 5, 8],
  'model.begun': [1, 3],
  'model.delta': [1, 9],
  'model.answered': [1, 3],
  'tool.begun': [1, 2],
  'tool.returned': [1, 2],
};

/** Those that the product is asked for by name. */
const names: Record<string, string> = {
  'model.delta 9': ', the middle of a streamed turn [holds runs.survive_kill]',
  'tool.returned 1': ', between tool and model [holds runs.no_step_twice]',
  'commit.durable 3': ', right as a submit is stored [holds runs.accepted_is_kept]',
};

const cases = Object.entries(boundaries).flatMap(([point, occurrences]) =>
  occurrences.map((nth) => [point as CrashPoint, nth, names[`${point} ${nth}`] ?? ''] as const),
);

/** Long enough that the input and the answer to it are files of `assets/`. */
const INPUT = `the workspace? ${'long'.repeat(18_000)}`;

describe('a daemon killed at a boundary goes on by itself', () => {
  test.each(cases)('%s, occurrence %i%s', async (point, nth) => {
    using box = sandbox();
    await using agent = await startFakeAgent({ chunkDelayMs: 1 });
    const routesFile = agentRoutes(box, agent);

    const before = await startOrDie({ sandbox: box, routesFile, crashAt: { point, nth } });
    const seen = before && (await useUntilKilled(before));

    await using daemon = await startDaemon({ sandbox: box, routesFile });
    const client = createClient({ baseUrl: daemon.url });
    if (seen?.acceptedRunId !== undefined) await client.runs.get(seen.acceptedRunId);
    if (seen?.sessionCreated === true) await client.sessions.get('kept');
    await client.sessions.create({ session_id: 'kept' }, { idempotencyKey: 'create' });
    const run = await client.sessions.submit('kept', INPUT, { idempotencyKey: 'submit' });
    expect(run.run_id).toBe(seen?.acceptedRunId ?? run.run_id);

    const ended = await client.runs.wait(run.run_id, { timeoutMs: 20_000 });
    expect(ended).toMatchObject({ status: 'completed', steps: 3 });
    expect(ended.outputs.map(({ content }) => content)).toEqual([answerTo(INPUT)]);
    expect((await client.runs.list()).items).toHaveLength(1);
    await expectSound(client);
    await expectResumedWithoutGap(daemon, seen?.stream);
  });
});

/** Undefined where the boundary was reached before the daemon was ready. */
async function startOrDie(start: DaemonStart): Promise<DaemonProcess | undefined> {
  const { child, ready } = launchDaemon(start);
  try {
    return await ready;
  } catch (error) {
    if (child.signalCode !== 'SIGKILL') throw error;
    return undefined;
  }
}

interface Seen {
  readonly stream: EventStream;
  readonly sessionCreated: boolean;
  readonly acceptedRunId?: string;
}

/** Follows and submits, and remembers what was acknowledged before the daemon died. */
async function useUntilKilled(daemon: DaemonProcess): Promise<Seen> {
  const client = createClient({ baseUrl: daemon.url, graceMs: 0 });
  const stream = await openStream(`${daemon.url}/v1/events/stream?cursor=0`);
  const sessionCreated = await client.sessions
    .create({ session_id: 'kept' }, { idempotencyKey: 'create' })
    .then(() => true)
    .catch(() => false);
  const accepted = await client.sessions
    .submit('kept', INPUT, { idempotencyKey: 'submit' })
    .catch(() => undefined);
  expect(await within('the kill', daemon.ended())).toBe('SIGKILL');
  await stream.ended();
  return { stream, sessionCreated, ...(accepted && { acceptedRunId: accepted.run_id }) };
}

/** What the client saw before and after is every event once, in order, and the same as a replay from the start. */
async function expectResumedWithoutGap(daemon: DaemonProcess, before: EventStream | undefined) {
  const { events } = await createClient({ baseUrl: daemon.url }).status();
  const url = `${daemon.url}/v1/events/stream`;
  using replay = await openStream(`${url}?cursor=0`);
  using after = await openStream(`${url}?cursor=0`, before?.lastId ?? '0');
  await Promise.all([replay, after].map((stream) => stream.reached(events.newest_event_id)));
  const joined = [...(before?.durable ?? []), ...after.durable];
  expect(joined.map(({ id }) => Number(id))).toEqual(joined.map((_frame, index) => index + 1));
  expect(joined).toEqual(replay.durable);
}
