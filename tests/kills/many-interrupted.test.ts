import { createClient } from '@kheish/client-sdk';
import { type FakeProvider, startFakeProvider } from '@kheish/testkit';
import { expect, test } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { makeLargeRoot } from '../harness/large-root.ts';
import { until } from '../harness/until.ts';

const INTERRUPTED = 500;

/** As docs/architecture.md has it. */
const AT_ONCE = 32;

test('a start on 10,000 sessions with 500 interrupted runs is ready before they go on, 32 at a time [holds runs.no_stampede]', async () => {
  using box = sandbox();
  await makeLargeRoot(box.stateRoot, { sessions: 10_000, runs: 0, interrupted: INTERRUPTED });
  const released = Promise.withResolvers<undefined>();
  let calls = 0;
  let underWay = 0;
  let most = 0;
  await using provider: FakeProvider = await startFakeProvider({
    protocol: 'chat-completions',
    answer: () => {
      calls += 1;
      underWay += 1;
      most = Math.max(most, underWay);
      void provider.requests.at(-1)?.ended.then(() => (underWay -= 1));
      return { text: ['done'], hold: { afterChunks: 0, until: released.promise } };
    },
  });
  const routesFile = box.file(
    'routes.toml',
    `version = 1\n[routes.bench]\ndriver = "openai_compatible"\ndefault_model = "m"\nbase_url = "${provider.url}"\n`,
  );
  await using daemon = await startDaemon({ sandbox: box, routesFile });
  const client = createClient({ baseUrl: daemon.url });
  expect((await fetch(`${daemon.url}/readyz`)).status).toBe(200);
  expect((await client.status()).runs).toMatchObject({ running: INTERRUPTED, queued: 0 });
  await until('the first calls', () => (calls >= AT_ONCE ? true : undefined));
  // What comes new waits too: these are more than may run at once.
  await client.sessions.create({ session_id: 'new' });
  const { run_id, status } = await client.sessions.submit('new', 'and I?');
  expect(status).toBe('queued');
  expect(calls).toBe(AT_ONCE);

  released.resolve(undefined);
  await until('all ends', async () => {
    const { running, queued } = (await client.status()).runs;
    return running + queued === 0 || undefined;
  });
  expect(most).toBeLessThanOrEqual(AT_ONCE);
  expect((await client.runs.get(run_id)).status).toBe('completed');
  // Each was called once: nobody was taken over twice.
  expect(calls).toBe(INTERRUPTED + 1);
  expect(await client.store.verify()).toMatchObject({ ok: true });
});
