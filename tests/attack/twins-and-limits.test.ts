import { createClient } from '@kheish/client-sdk';
import { describe, expect, test } from 'vitest';
import { sandbox, scriptedRoutes, startDaemon } from '../harness/daemon-process.ts';
import { startInProcess } from '../harness/in-process.ts';
import { all, expectSound } from '../harness/soundness.ts';
import { until } from '../harness/until.ts';

const TWINS = 100;
const endless = 'scripted: pause 60000 per word\nscripted: say 9 words';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | null;
}

async function post(url: string, path: string, body: unknown, key?: string): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const retryAfter = response.headers.get('retry-after');
  return { status: response.status, text: await response.text(), retryAfter };
}

function twins(act: (nth: number) => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: TWINS }, (_value, nth) => act(nth)));
}

/** The one answer that all twins were given. */
function theOne(answers: readonly Answer[], status: number): Record<string, unknown> {
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([status]));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  return JSON.parse(answers[0]?.text ?? '') as Record<string, unknown>;
}

describe('a hundred twins with one Idempotency-Key at once', () => {
  test('create one session, make one run, and stop it once [holds runs.twins]', async () => {
    using box = sandbox();
    await using daemon = await startDaemon({ sandbox: box });
    const { url } = daemon;
    const client = createClient({ baseUrl: url });
    const created = await twins(() => post(url, '/v1/sessions', {}, 'create'));
    const { session_id: id } = theOne(created, 201);
    expect((await all(client.sessions.list())).map(({ session_id }) => session_id)).toEqual([id]);

    const path = `/v1/sessions/${String(id)}`;
    const submitted = await twins(() => post(url, `${path}/runs`, { content: endless }, 'submit'));
    const { run_id: runId } = theOne(submitted, 202);
    expect((await all(client.runs.list())).map(({ run_id }) => run_id)).toEqual([runId]);

    const run = `/v1/runs/${String(runId)}`;
    theOne(await twins(() => post(url, `${run}/cancel`, undefined, 'cancel')), 202);
    expect((await client.runs.wait(String(runId))).status).toBe('cancelled');
    // The key has its answer, although the run could not be cancelled any more.
    expect((await post(url, `${run}/cancel`, undefined, 'cancel')).status).toBe(202);
    expect((await post(url, `${run}/cancel`, undefined, 'another')).status).toBe(409);
    theOne(await twins(() => post(url, `${path}/interrupt`, undefined, 'interrupt')), 202);
    theOne(await twins(() => post(url, `${path}/end`, {}, 'end')), 200);
    const events = (await all(client.sessions.events(String(id)))).map(({ type }) => type);
    for (const type of ['session_created', 'run_accepted', 'run_cancelled', 'session_ended']) {
      expect(events.filter((event) => event === type)).toHaveLength(1);
    }
    await expectSound(client);
  });

  test('of different words make one run, and the others are told of the conflict', async () => {
    using box = sandbox();
    await using daemon = await startDaemon({ sandbox: box });
    const { url } = daemon;
    const client = createClient({ baseUrl: url });
    await client.sessions.create({ session_id: 's' });
    const answers = await twins((nth) =>
      post(url, '/v1/sessions/s/runs', { content: `scripted: say ${(nth % 4) + 1} words` }, 'k'),
    );
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(202), count(409)]).toEqual([TWINS / 4, (TWINS * 3) / 4]);
    for (const { status, text } of answers) {
      if (status === 409) expect(text).toContain('idempotency_conflict');
    }
    expect(await all(client.runs.list())).toHaveLength(1);
  });
});

describe('limits', () => {
  test('on queued runs answer 429 with Retry-After, and what was accepted is kept [holds runs.limits]', async () => {
    using box = sandbox();
    const limits = { maxQueuedRunsPerSession: 3 };
    await using daemon = await startInProcess({ sandbox: box, routes: scriptedRoutes, limits });
    const { url } = daemon;
    const client = createClient({ baseUrl: url });
    await client.sessions.create({ session_id: 's' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post(url, '/v1/sessions/s/runs', { content: endless })),
    );
    const refused = answers.filter(({ status }) => status !== 202);
    expect(answers.length - refused.length).toBe(4);
    for (const answer of refused) {
      expect(answer).toMatchObject({ status: 429, retryAfter: '1' });
      expect(JSON.parse(answer.text)).toMatchObject({ domain: 'runs', code: 'queue_full' });
    }
    const other = await post(url, '/v1/sessions', { session_id: 'other' });
    expect(other.status).toBe(201);
    expect((await post(url, '/v1/sessions/other/runs', { content: endless })).status).toBe(202);
    expect((await client.status()).runs).toMatchObject({ running: 2, queued: 3 });
    await client.sessions.interrupt('s');
    await until('the next', async () => {
      const { running, queued } = (await client.status()).runs;
      return (running === 2 && queued === 2) || undefined;
    });
    expect((await post(url, '/v1/sessions/s/runs', { content: endless })).status).toBe(202);
    await daemon.close({ drainTimeoutMs: 0 });
  });

  test.each([
    ['the daemon', { maxRunningRuns: 2 }],
    ['a route', { maxRunningRunsPerRoute: 2 }],
  ])('on running runs of %s make the others wait, first come first served', async (_of, limits) => {
    using box = sandbox();
    await using daemon = await startInProcess({ sandbox: box, routes: scriptedRoutes, limits });
    const { url } = daemon;
    const client = createClient({ baseUrl: url });
    const ids: string[] = [];
    for (const session of ['a', 'b', 'c', 'd']) {
      await client.sessions.create({ session_id: session });
      const answer = await post(url, `/v1/sessions/${session}/runs`, { content: endless });
      expect(answer.status).toBe(202);
      ids.push((JSON.parse(answer.text) as { run_id: string }).run_id);
    }
    const statuses = async () =>
      Promise.all(ids.map(async (id) => (await client.runs.get(id)).status));
    expect(await statuses()).toEqual(['running', 'running', 'queued', 'queued']);
    await client.runs.cancel(ids[0] ?? '');
    await until('the next', async () => (await statuses())[2] === 'running' || undefined);
    expect(await statuses()).toEqual(['cancelled', 'running', 'running', 'queued']);
    await daemon.close({ drainTimeoutMs: 0 });
  });
});
