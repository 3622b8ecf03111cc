import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
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
import { all, expectSound } from '../harness/soundness.ts';
import { within } from '../harness/until.ts';

/**
 * Which occurrences of each boundary are tried; `npm run test:crash` tries the others too. Commits: 1 is the start
 * itself, 2 creates the session, 3 accepts the input and starts the run, 4 to 8 settle three model calls and between
 * them two tool calls. Files: the input, and the answer. Tools that act are in tests/governed.
 */
const boundaries: Record<
  Exclude<CrashPoint, 'tool.started'>,
  { always: readonly number[]; last: number }
> = {
  'commit.begun': { always: [1, 3, 5], last: 8 },
  'commit.applied': { always: [2, 3, 6, 8], last: 8 },
  'commit.durable': { always: [1, 3, 4, 7, 8], last: 8 },
  'commit.published': { always: [3, 5, 8], last: 8 },
  'blob.written': { always: [1], last: 2 },
  'blob.kept': { always: [2], last: 2 },
  'model.begun': { always: [1, 3], last: 3 },
  'model.delta': { always: [1, 9], last: 12 },
  'model.answered': { always: [1, 3], last: 3 },
  'tool.begun': { always: [1, 2], last: 2 },
  'tool.returned': { always: [1, 2], last: 2 },
};

const every = process.env['CRASH_KILLS'] !== undefined;

/** Those that the product is asked for by name. */
const names: Record<string, string> = {
  'model.delta 9': ', the middle of a streamed turn [holds runs.survive_kill]',
  'tool.returned 1': ', between tool and model [holds runs.no_step_twice]',
  'commit.durable 3': ', right as a submit is stored [holds runs.accepted_is_kept]',
};

const cases = Object.entries(boundaries).flatMap(([point, { always, last }]) =>
  (every ? Array.from({ length: last }, (_value, index) => index + 1) : always).map(
    (nth) => [point as CrashPoint, nth, names[`${point} ${nth}`] ?? ''] as const,
  ),
);

/** Long enough that the input and the answer to it are files of `assets/`. */
const LONG = 'long'.repeat(1_000);
const INPUT = `the workspace? ${LONG.repeat(18)}`;

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

describe('a daemon killed again', () => {
  test.each([
    ['commit.durable', 1],
    ['commit.begun', 2],
    ['commit.applied', 2],
    ['commit.durable', 2],
    ['commit.published', 2],
    ['model.begun', 1],
  ] as const)(
    'as it takes over what the first kill left, at %s, occurrence %i',
    async (point, nth) => {
      using box = sandbox();
      await using agent = await startFakeAgent({ chunkDelayMs: 1 });
      const routesFile = agentRoutes(box, agent);
      const first = { point: 'model.answered', nth: 1 } as const;
      const before = await startDaemon({ sandbox: box, routesFile, crashAt: first });
      const { stream, acceptedRunId = '' } = await useUntilKilled(before);
      const again = await startOrDie({ sandbox: box, routesFile, crashAt: { point, nth } });
      if (again !== undefined) expect(await within('the kill', again.ended())).toBe('SIGKILL');

      await using daemon = await startDaemon({ sandbox: box, routesFile });
      const client = createClient({ baseUrl: daemon.url });
      const ended = await client.runs.wait(acceptedRunId, { timeoutMs: 20_000 });
      expect(ended).toMatchObject({ status: 'completed', steps: 3 });
      await expectSound(client);
      await expectResumedWithoutGap(daemon, stream);
    },
  );

  test.each(['commit.begun', 'commit.applied', 'commit.durable', 'commit.published'] as const)(
    'at %s as it erases a session leaves it whole or erases it to the last file',
    async (point) => {
      using box = sandbox();
      await using agent = await startFakeAgent();
      const routesFile = agentRoutes(box, agent);
      const before = await startDaemon({ sandbox: box, routesFile });
      const first = createClient({ baseUrl: before.url });
      await first.sessions.create({ session_id: 'kept' });
      const { run_id } = await first.sessions.submit('kept', INPUT);
      await first.runs.wait(run_id);
      await before.stop();
      expect(textLeft(box.stateRoot)).toBe(true);

      const erasing = await startDaemon({ sandbox: box, routesFile, crashAt: { point, nth: 2 } });
      const client = createClient({ baseUrl: erasing.url, graceMs: 0 });
      await client.sessions.delete('kept').catch(() => undefined);
      expect(await within('the kill', erasing.ended())).toBe('SIGKILL');

      const after = await startDaemon({ sandbox: box, routesFile });
      const last = createClient({ baseUrl: after.url });
      const isWhole = point === 'commit.begun' || point === 'commit.applied';
      const messages = await all(last.sessions.messages('kept')).catch(() => 'erased');
      expect(messages === 'erased').toBe(!isWhole);
      await expectSound(last);
      if (isWhole) await last.sessions.delete('kept');
      await expectSound(last);
      expect(await after.stop()).toBe(0);
      expect(textLeft(box.stateRoot)).toBe(false);
    },
  );
});

/** Whether any file of the root still has the input. */
function textLeft(stateRoot: string): boolean {
  const files = readdirSync(stateRoot, { recursive: true, withFileTypes: true });
  return files.some(
    (file) => file.isFile() && readFileSync(join(file.parentPath, file.name)).includes(LONG),
  );
}

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
