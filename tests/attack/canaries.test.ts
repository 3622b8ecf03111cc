import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@kheish/client-sdk';
import { operations } from '@kheish/core-model';
import { startFakeProvider } from '@kheish/testkit';
import { expect, test } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { all, expectSound } from '../harness/soundness.ts';
import { Target } from './raw-http.ts';

const canary = (what: string) => `canary-${what}-9f8e7d6c5b4a`;
const masterKey = Buffer.from('canary-master-key-0123456789abcd');

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const generic = (slot_id: string, value: unknown) => ({
  slot_id,
  provider: 'generic',
  mode: 'opaque_secret',
  state: { value },
});

/** Everything that must stand nowhere, in the forms in which it could. */
const secrets = [
  ...['generic', 'openai', 'replaced', 'deleted', 'refused', 'inline', 'environment', 'keyed'].map(
    canary,
  ),
  ...['admin', 'readonly', 'guessed'].map(canary),
  masterKey.toString('base64'),
  masterKey.toString('latin1'),
];

/** What a provider may get hold of and tell: the daemon knows these from a variable, a file or the routes. */
const repeated = [...['inline', 'admin', 'readonly'].map(canary), masterKey.toString('base64')];

/** Every file under a directory, as bytes. */
function filesIn(directory: string): [string, Buffer][] {
  return (
    readdirSync(directory, { recursive: true, withFileTypes: true })
      // Never opened by anyone but its holder.
      .filter((entry) => entry.isFile() && entry.name !== 'daemon.lock')
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path, readFileSync(path)];
      })
  );
}

function inlineRoute(baseUrl: string): string {
  return `version = 1
default_route = "inline"
[routes.inline]
driver = "openai_compatible"
base_url = "${baseUrl}"
default_model = "fake-1"
api_key = "${canary('inline')}"
`;
}

test('no secret stands in a log line, an answer, an event or a file of the state root', async () => {
  using box = sandbox();
  await using provider = await startFakeProvider({
    protocol: 'chat-completions',
    // It refuses in the words that it was sent, as a badly made gateway may.
    answer: () => ({ status: 401, body: `no such key: ${repeated.join(' ')}` }),
  });
  const routesFile = box.file('routes.toml', inlineRoute(provider.url));
  await using daemon = await startDaemon({
    sandbox: box,
    routesFile,
    args: [
      '--http-admin-token-file',
      box.file('admin', canary('admin')),
      '--http-readonly-token-file',
      box.file('readonly', canary('before')),
      '--log-level',
      'debug',
    ],
    env: {
      KHEISH_AUTH_STORE_MASTER_KEY_FILE: box.file('key', masterKey.toString('base64')),
      OPENAI_API_KEY: canary('environment'),
    },
  });
  using admin = new Target(daemon.url, bearer(canary('admin')));
  const answers: string[] = [];
  const note = async (answer: Promise<{ text: string }>) => answers.push((await answer).text);
  const set = (slot: object, headers = {}) =>
    note(admin.json('POST', '/v1/runtime/secrets', slot, headers));

  await set(generic('one', canary('generic')));
  await set(generic('two', canary('replaced')));
  await set(generic('two', canary('generic')));
  await set(generic('three', canary('deleted')));
  await note(admin.ask({ method: 'DELETE', path: '/v1/runtime/secrets/three' }));
  await set(generic('four', canary('keyed')), { 'idempotency-key': 'k' });
  await set(generic('four', canary('keyed')), { 'idempotency-key': 'k' });
  await set(generic('four', canary('refused')), { 'idempotency-key': 'k' });
  await set({
    slot_id: 'five',
    provider: 'open_ai',
    mode: 'api_key',
    state: { kind: 'api_key', api_key: canary('openai'), project: 'p' },
  });
  // What is refused is not repeated.
  await set(generic('six', [canary('refused')]));
  await set(generic(canary('refused').repeat(20), 'x'));
  await set({ ...generic('six', 'x'), mode: canary('refused') });
  await note(admin.json('POST', '/v1/runtime/secrets', `{"state":{"value":"${canary('refused')}"`));
  for (const token of [canary('guessed'), `${canary('guessed')} x`]) {
    using guessing = new Target(daemon.url, bearer(token));
    await note(guessing.ask({ path: '/v1/status' }));
  }
  // A token is rotated by writing its file.
  box.file('readonly', canary('readonly'));
  using reading = new Target(daemon.url, bearer(canary('readonly')));
  await note(reading.json('POST', '/v1/sessions', {}));

  const client = createClient({ baseUrl: daemon.url, token: canary('admin') });
  await client.sessions.create({ session_id: 's' });
  const run = await client.sessions.submit('s', { content: 'hello' });
  await client.runs.wait(run.run_id);
  for (const { method, path, response } of Object.values(operations)) {
    if (method !== 'GET') continue;
    const target = path
      .replace('{session_id}', 's')
      .replace('{run_id}', run.run_id)
      .replace('{secret_ref}', 'one');
    const stream = response === 'event-stream';
    await note(admin.ask({ path: target, headOnly: stream }));
  }
  expect(provider.requests.length).toBeGreaterThan(0);

  const places = [
    ['the log', Buffer.from(daemon.log)],
    ['the answers', Buffer.from(answers.join('\n'))],
    ...filesIn(box.stateRoot),
  ] as const;
  expect(places.length).toBeGreaterThan(4);
  const shown = places.flatMap(([place, bytes]) =>
    secrets.filter((secret) => bytes.includes(secret)).map((secret) => `${place}: ${secret}`),
  );
  expect(shown).toEqual([]);
  await expectSound(client);
}, 60_000);

test('what a model says is kept as it was said, even a key; the log stays silent', async () => {
  using box = sandbox();
  const words = `your key is ${canary('inline')}`;
  await using provider = await startFakeProvider({
    protocol: 'chat-completions',
    answer: () => ({ text: words }),
  });
  await using daemon = await startDaemon({
    sandbox: box,
    routesFile: box.file('routes.toml', inlineRoute(provider.url)),
    args: ['--log-level', 'trace'],
  });
  const client = createClient({ baseUrl: daemon.url });
  await client.sessions.create({ session_id: 's' });
  const { run_id } = await client.sessions.submit('s', { content: 'hello' });
  expect((await client.runs.wait(run_id)).status).toBe('completed');
  const messages = await all(client.sessions.messages('s'));
  expect(messages.at(-1)).toMatchObject({ role: 'assistant' });
  expect(JSON.stringify(messages)).toContain(words);
  expect(daemon.log).not.toContain(canary('inline'));
});
