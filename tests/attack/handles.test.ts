import { createClient } from '@kheish/client-sdk';
import { expect, test } from 'vitest';
import { sandbox, scriptedRoutes } from '../harness/daemon-process.ts';
import { startInProcess } from '../harness/in-process.ts';
import { until } from '../harness/until.ts';

/** What keeps the process alive, or would, by kind. */
function resources(): string[] {
  // Of the test runner itself, and of name look-ups and file reads that are just ending.
  return process
    .getActiveResourcesInfo()
    .filter((kind) => !/^(Pipe|MessagePort|TTY|Immediate|FSReq)/.test(kind))
    .toSorted();
}

test('two daemons in one process, used and closed, leave nothing behind', async () => {
  using left = sandbox();
  using right = sandbox();
  const signals = ['SIGINT', 'SIGTERM', 'uncaughtException', 'unhandledRejection'] as const;
  const listeners = () => signals.map((name) => process.listenerCount(name));
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => unhandled.push(reason);
  const before = { resources: resources(), listeners: listeners() };
  process.on('unhandledRejection', onUnhandled);

  const daemons = await Promise.all(
    [left, right].map((box) => startInProcess({ sandbox: box, routes: scriptedRoutes })),
  );
  expect(daemons[0]?.rootId).not.toBe(daemons[1]?.rootId);
  for (const daemon of daemons) {
    const client = createClient({ baseUrl: daemon.url });
    await client.sessions.create({ session_id: 's' });
    const { run_id } = await client.sessions.submit('s', {
      content: 'scripted: call list_files {"path":"."}',
    });
    expect((await client.runs.wait(run_id)).status).toBe('completed');
    // One that is in the middle of its words when the daemon closes, with someone listening.
    await client.sessions.submit('s', {
      content: 'scripted: pause 60000 per word\nscripted: say 9 words',
    });
    const stream = await fetch(`${daemon.url}/v1/events/stream`);
    void stream.text().catch(() => undefined);
  }
  await Promise.all(daemons.map((daemon) => daemon.close({ drainTimeoutMs: 20 })));
  await Promise.all(daemons.map((daemon) => daemon.close()));

  const rest = await until('everything to be let go', () => {
    const now = resources();
    const extra = now.filter((kind) => !before.resources.includes(kind));
    return extra.length === 0 ? extra : undefined;
  }).catch(() => resources());
  expect(rest).toEqual([]);
  process.off('unhandledRejection', onUnhandled);
  expect(listeners()).toEqual(before.listeners);
  expect(unhandled).toEqual([]);

  // What was left is taken over, and a root given back can be opened again.
  await using again = await startInProcess({ sandbox: left, routes: scriptedRoutes });
  expect(again.recovered).toBe(1);
}, 60_000);
