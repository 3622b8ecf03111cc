import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeDaemon, json } from '../testing/fake-daemon.ts';
import { runHere } from '../testing/run-cli.ts';
import { runView, sessionView } from '../testing/views.ts';

test('every flag reaches its field, and route/model goes unchanged', async () => {
  await using daemon = await fakeDaemon((_, response) => json(response, runView('queued'), 202));
  const flags = {
    '--model': 'openrouter/openai/gpt-5.4-mini',
    '--fallback-model': 'openrouter/openai/gpt-5.4-nano',
    '--provider': 'openrouter',
    '--temperature': '0.5',
    '--max-output-tokens': '9',
    '--reasoning-effort': 'low',
    '--actor-id': 'a',
    '--source-plugin': 'sp',
    '--source-kind': 'sk',
    '--metadata-json': '{"x":[1]}',
    '--idempotency-key': 'k',
  };
  await runHere(
    'sessions',
    'input',
    'demo',
    'hi',
    '--base-url',
    daemon.baseUrl,
    ...Object.entries(flags).flat(),
  );
  expect(daemon.seen[0]?.headers['idempotency-key']).toBe('k');
  expect(daemon.seen[0]?.body).toEqual({
    content: 'hi',
    provider: 'openrouter',
    actor_id: 'a',
    source_plugin: 'sp',
    source_kind: 'sk',
    generation: {
      model: 'openrouter/openai/gpt-5.4-mini',
      fallback_model: 'openrouter/openai/gpt-5.4-nano',
      temperature: 0.5,
      max_output_tokens: 9,
      reasoning: { effort: 'low' },
    },
    metadata: { x: [1] },
  });
});

test('content and metadata may come from files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kheish-cli-'));
  writeFileSync(join(folder, 'text'), 'two\nlines\n');
  writeFileSync(join(folder, 'meta'), '{"m":1}');
  await using daemon = await fakeDaemon((_, response) => json(response, runView('queued'), 202));
  const input = ['sessions', 'input', 'demo', '--base-url', daemon.baseUrl];
  await runHere(
    ...input,
    '--content-file',
    join(folder, 'text'),
    '--metadata-file',
    join(folder, 'meta'),
  );
  expect(daemon.seen[0]?.body).toEqual({ content: 'two\nlines\n', metadata: { m: 1 } });
  for (const metadata of ['[]', 'null', '{']) {
    await expect(runHere(...input, 'hi', '--metadata-json', metadata)).rejects.toThrow(/JSON/);
  }
  expect(daemon.seen).toHaveLength(1);
  rmSync(folder, { recursive: true });
});

test('set-route sends a policy, or clears it', async () => {
  await using daemon = await fakeDaemon((_, response) => json(response, sessionView()));
  const setRoute = ['sessions', 'set-route', 'demo', '--base-url', daemon.baseUrl];
  await runHere(...setRoute, '--provider', 'openai', '--model', 'm', '--fallback-model', 'f');
  await runHere(...setRoute, '--clear');
  expect(daemon.seen.map(({ method, body }) => [method, body])).toEqual([
    [
      'PUT',
      { route_policy: { route_id: 'openai', generation: { model: 'm', fallback_model: 'f' } } },
    ],
    ['DELETE', undefined],
  ]);
  await expect(runHere(...setRoute, '--clear', '--model', 'm')).rejects.toThrow(/--clear/);
});

test('store verify exits 1 where the store is not in order, and prints what it found', async () => {
  const found = {
    root_id: 'r',
    schema_version: 1,
    events: 0,
    sessions: 0,
    runs: 0,
    messages: 0,
    blobs: 0,
  };
  const findings = [{ check: 'runs', subject: 'run_1', message: 'differs' }];
  await using daemon = await fakeDaemon((_, response) =>
    json(response, { ok: false, ...found, findings }),
  );
  const { code, stdout } = await runHere('store', 'verify', '--base-url', daemon.baseUrl);
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ findings });
});
