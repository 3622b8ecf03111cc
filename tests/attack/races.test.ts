import { createClient } from '@kheish/client-sdk';
import { type RunStatus, isTerminal } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { SeededChance, crashSeed } from '../harness/seeded-chance.ts';
import { all, expectSound } from '../harness/soundness.ts';
import { until } from '../harness/until.ts';
import { oneOf } from './openapi/values.ts';
import { Target, expectCivil } from './raw-http.ts';

const CLIENTS = 12;
const STEPS = 25;
const work =
  'scripted: pause 1 per word\nscripted: call list_files {"path":"."}\nscripted: say 15 words';

/** What each command may be answered while others do the same and worse to its session. */
const possible: Readonly<Record<string, readonly number[]>> = {
  submit: [202, 404, 409, 429],
  cancel: [202, 404, 409],
  interrupt: [202, 404],
  end: [200, 404, 409],
  delete: [200, 404, 409],
};

test('many clients at one session see only what may be, and leave no run behind', async () => {
  using box = sandbox();
  await using daemon = await startDaemon({ sandbox: box });
  using target = new Target(daemon.url);
  const client = createClient({ baseUrl: daemon.url });
  const chance = new SeededChance(crashSeed());
  console.log(`races: CRASH_SEED=${chance.seed}`);
  const runIds: string[] = [];

  for (let round = 0; round < 4; round += 1) {
    const sessionId = `s${round}`;
    const session = `/v1/sessions/${sessionId}`;
    await client.sessions.create({ session_id: sessionId });
    const own: string[] = [];
    const act = async (what: string) => {
      const run = own.length > 0 ? oneOf(chance, own) : 'none';
      const answer = await (what === 'submit'
        ? target.json('POST', `${session}/runs`, { content: work })
        : what === 'cancel'
          ? target.json('POST', `/v1/runs/${run}/cancel`, '')
          : what === 'delete'
            ? target.ask({ method: 'DELETE', path: session })
            : target.json('POST', `${session}/${what}`, ''));
      expectCivil(answer, { seed: chance.seed, what });
      expect(possible[what], `${what}: ${answer.text}`).toContain(answer.status);
      if (what === 'submit' && answer.status === 202) {
        own.push((JSON.parse(answer.text) as { run_id: string }).run_id);
      }
    };
    await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        for (let step = 0; step < STEPS; step += 1) {
          // Only near the end: before, there is more to break.
          const late = step > STEPS - 4 ? ['end', 'delete'] : [];
          await act(oneOf(chance, ['submit', 'submit', 'cancel', 'cancel', 'interrupt', ...late]));
        }
      }),
    );
    runIds.push(...own);
    if (round % 2 === 0) {
      await until('an end or a delete that finds the session idle', async () => {
        await act('interrupt');
        await act('end');
        await act('delete');
        return (await target.ask({ path: session })).status === 404 ? true : undefined;
      });
    }
  }
  const idle = await until('all runs to end', async () => {
    const { running, queued } = (await client.status()).runs;
    return running + queued === 0 ? true : undefined;
  });
  expect(idle).toBe(true);
  expect(runIds.length).toBeGreaterThan(50);
  const seen = new Set<RunStatus>();
  for (const id of runIds) {
    const { status } = await client.runs.get(id);
    expect(isTerminal(status)).toBe(true);
    seen.add(status);
  }
  expect(seen).toContain('cancelled');
  for await (const session of client.sessions.list()) {
    const messages = await all(client.sessions.messages(session.session_id));
    expect(messages).toHaveLength(session.message_count);
  }
  await expectSound(client);
  expect(daemon.log).not.toContain('"level":50');
}, 120_000);
