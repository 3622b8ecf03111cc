import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from '@kheish/client-sdk';
import { expect, test } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { at, jsonOf } from '../harness/kheish-command.ts';
import { all, expectSound } from '../harness/soundness.ts';
import { within } from '../harness/until.ts';

/** One model, which takes 20,000 tokens: `told` says so, and `wrong` does not. */
const routes = `version = 1
default_route = "told"
[routes.told]
driver = "scripted"
default_model = "window-20000"
context_window = 20000
[routes.wrong]
driver = "scripted"
default_model = "window-20000"
`;

/** About 4,000 tokens. */
const input = (nth: number) => `${nth}: ${'word '.repeat(3_200)}`;

const eventsOf = async (client: Client, type: string) =>
  (await all(client.sessions.events('demo', { limit: 100 }))).filter(
    (event) => event.type === type,
  );

test.each([
  ['told', 'of which the routes file says the window', 0],
  ['wrong', 'that refuses what is too long', 1],
])(
  'over route %s a session outgrows the window of a model %s, and goes on [holds context.within_window]',
  async (route, _what, refusals) => {
    using box = sandbox();
    const routesFile = box.file('routes.toml', routes);
    await using daemon = await startDaemon({ sandbox: box, routesFile });
    const env = at(daemon);
    await jsonOf(['sessions', 'create', 'demo'], { env });
    const client = createClient({ baseUrl: daemon.url });
    for (let nth = 1; nth <= 6; nth += 1) {
      const { run_id } = await client.sessions.submit('demo', {
        content: input(nth),
        provider: route,
      });
      expect(await client.runs.wait(run_id)).toMatchObject({ status: 'completed' });
    }
    const command = ['sessions', 'input', 'demo', input(7), '--provider', route, '--wait'];
    expect(await jsonOf(command, { env })).toMatchObject({ status: 'completed' });
    const session = await jsonOf<{ compaction: { count: number; boundary: number } }>(
      ['sessions', 'get', 'demo'],
      { env },
    );
    expect(session).toMatchObject({ message_count: 14 });
    expect(session.compaction.count).toBeGreaterThan(0);
    expect(session.compaction.boundary).toBeGreaterThan(0);

    expect(await eventsOf(client, 'context_limited')).toHaveLength(refusals);
    const [first] = await eventsOf(client, 'context_compacted');
    expect(first).toMatchObject({ method: 'summary' });
    const messages = await all(client.sessions.messages('demo', { limit: 100 }));
    expect(messages[0]).toMatchObject({ role: 'user', content: input(1) });
    await expectSound(client);
  },
);

test('a compaction that is killed is done again, and the run comes to its end [holds context.survives_kill]', async () => {
  using box = sandbox();
  const routesFile = box.file('routes.toml', routes);
  // The third call is that of the summary: two runs came before.
  const crashAt = { point: 'model.answered', nth: 3 } as const;
  const before = await startDaemon({ sandbox: box, routesFile, crashAt });
  const first = createClient({ baseUrl: before.url });
  await first.sessions.create({ session_id: 'demo' });
  for (let nth = 1; nth <= 2; nth += 1) {
    const { run_id } = await first.sessions.submit('demo', input(nth));
    await first.runs.wait(run_id);
  }
  const { run_id } = await first.sessions.submit('demo', input(3));
  expect(await within('the kill', before.ended())).toBe('SIGKILL');

  await using daemon = await startDaemon({ sandbox: box, routesFile });
  const client = createClient({ baseUrl: daemon.url });
  expect(await client.runs.wait(run_id, { timeoutMs: 20_000 })).toMatchObject({
    status: 'completed',
    steps: 1,
  });
  expect(await eventsOf(client, 'context_compacted')).toMatchObject([{ method: 'summary' }]);
  await expectSound(client);
});

test('what a tool said at length is read on page by page', async () => {
  using box = sandbox();
  await using daemon = await startDaemon({ sandbox: box });
  mkdirSync(box.workspaceRoot, { recursive: true });
  const long = Array.from({ length: 1_500 }, (_, line) => `line ${line} of a long file\n`).join('');
  writeFileSync(join(box.workspaceRoot, 'long.txt'), long);
  const env = at(daemon);
  await jsonOf(['sessions', 'create', 'demo'], { env });
  const script = [
    'scripted: call read_file {"path":"long.txt"}',
    'scripted: call read_output {"message":2,"offset":24000,"limit":30000}',
  ].join('\n');
  await jsonOf(['sessions', 'input', 'demo', script, '--wait'], { env });
  const client = createClient({ baseUrl: daemon.url });
  const [, , read, , page] = await all(client.sessions.messages('demo'));
  if (read?.role !== 'tool' || page?.role !== 'tool') throw new Error('no outputs');
  expect(read.content.length).toBeGreaterThan(32_000);
  expect(page.content).toContain(read.content.slice(24_000, 32_000));
});
