import { createClient } from '@kheish/client-sdk';
import type { Clock } from '@kheish/core-model';
import { type FakeTurn, startFakeProvider } from '@kheish/testkit';
import { expect, test } from 'vitest';
import { sandbox } from '../harness/daemon-process.ts';
import { openStream } from '../harness/event-stream.ts';
import { startInProcess } from '../harness/in-process.ts';
import { all, expectSound } from '../harness/soundness.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** The system's clock, with a wall on which the time can be set. Timers run on, as they do in the system. */
class JumpingClock implements Clock {
  #offset = 0;

  jump(days: number): void {
    this.#offset += days * DAY_MS;
  }

  now(): number {
    return Date.now() + this.#offset;
  }

  monotonic(): number {
    return performance.now();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      });
    });
  }
}

/** A provider that sets the clock in the middle of each of its first answers, one of which fails and is asked again. */
async function startJumpingProvider(clock: JumpingClock) {
  const jumps = [10, -20, 30, -25];
  const answers: FakeTurn[] = [
    { toolCalls: [{ id: 'call', name: 'list_files', arguments: { path: '.' } }] },
    { status: 503, headers: { 'retry-after': '0' } },
    { text: ['one ', 'two'], delayMs: 5 },
  ];
  let asked = 0;
  return startFakeProvider({
    protocol: 'chat-completions',
    answer: () => {
      clock.jump(jumps[asked % jumps.length] ?? 0);
      asked += 1;
      return answers[(asked - 1) % answers.length] ?? { text: 'done' };
    },
  });
}

const routesTo = (url: string) => `version = 1
[routes.fake]
driver = "openai_compatible"
base_url = "${url}"
default_model = "fake-1"
`;

test('days that the clock jumps, ahead or back, hang no run and no retry, and mix up no order [holds faults.clock_jumps]', async () => {
  using box = sandbox();
  const clock = new JumpingClock();
  const callPolicy = { initialBackoffMs: 20 };
  await using provider = await startJumpingProvider(clock);
  const start = { sandbox: box, routes: routesTo(provider.url), clock, callPolicy };
  const submitted: string[] = [];
  for (const days of [0, -40, 80]) {
    clock.jump(days);
    await using daemon = await startInProcess(start);
    const client = createClient({ baseUrl: daemon.url });
    using stream = await openStream(`${daemon.url}/v1/events/stream?cursor=0`);
    for (let turn = 0; turn < 4; turn += 1) {
      const id = `s${submitted.length}`;
      await client.sessions.create({ session_id: id });
      const { run_id: runId } = await client.sessions.submit(id, 'go');
      submitted.push(runId);
      const run = await client.runs.wait(runId, { timeoutMs: 20_000 });
      expect(run.status).toBe('completed');
      clock.jump(turn % 2 === 0 ? -3 : 5);
    }
    await expectSound(client);
    const { newest_event_id: head } = (await client.status()).events;
    await stream.reached(head);
    expect(stream.durable.map(({ id }) => Number(id))).toEqual(
      Array.from({ length: Number(head) }, (_, index) => index + 1),
    );
    const listed = await all(client.runs.list({ order: 'asc' }));
    expect(listed.map((run) => run.run_id)).toEqual(submitted);
  }
});

test('an Idempotency-Key is kept for seven days of the wall clock, and longer where that is set back', async () => {
  using box = sandbox();
  const clock = new JumpingClock();
  await using daemon = await startInProcess({
    sandbox: box,
    routes: 'version = 1\n[routes.scripted]\ndriver = "scripted"\n',
    clock,
  });
  const create = async () => {
    const answer = await fetch(`${daemon.url}/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'one' },
      body: '{}',
    });
    return ((await answer.json()) as { session_id: string }).session_id;
  };
  const first = await create();
  for (const days of [-300, 300, 6.9]) {
    clock.jump(days);
    expect(await create()).toBe(first);
  }
  clock.jump(0.2);
  expect(await create()).not.toBe(first);
});
