import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@kheish/client-sdk';
import { type JsonObject, operations } from '@kheish/core-model';
import { startFakeProvider } from '@kheish/testkit';
import { expect, test } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { openStream } from '../harness/event-stream.ts';
import { runKheish } from '../harness/kheish-command.ts';
import { all, expectSound } from '../harness/soundness.ts';
import { until } from '../harness/until.ts';
import { type RawAnswer, Target } from './raw-http.ts';

const canary = (what: string) => `canary-${what}-9f8e7d6c5b4a`;
const signingKey = 'c0'.repeat(16) + '9f8e7d6c5b4a3928'.repeat(2);
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

/** The forms in which the daemon itself writes a value. */
function formsIn(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const [base64, url] = [bytes.toString('base64'), bytes.toString('base64url')];
  const json = JSON.stringify(secret).slice(1, -1);
  const basic = Buffer.from(`user:${secret}`).toString('base64');
  return [secret, json, base64.replace(/=+$/, ''), url, basic, encodeURIComponent(secret)];
}

const call = (name: string, args: JsonObject) => ({ id: `c${name}`, name, arguments: args });
const marks = (text: string) => text.split('[redacted]').length - 1;
const pieces = (text: string) => text.match(/[^]{1,3}/g) ?? [];

test('a secret that a model, a tool, a provider or a caller repeats, in whatever form and pieces, is redacted before it is kept or told [holds secrets.redacted]', async () => {
  using box = sandbox();
  const known = [
    `canary-"offline"-\\slash/+?é-9f8e7d6c`,
    `-----BEGIN KEY-----\n${'canary-pem-line/'.repeat(4)}\n-----END KEY-----`,
    ...['set-later', 'inline', 'admin'].map(canary),
    masterKey.toString('base64'),
    masterKey.toString('latin1'),
    signingKey,
  ];
  const keyFile = box.file('key', masterKey.toString('base64'));
  for (const [slot, value] of [
    ['offline', known[0]],
    ['pem', known[1]],
  ] as const) {
    const args = ['secrets', 'set', slot, '--offline', '--state-root', box.stateRoot];
    const set = await runKheish([...args, '--provider', 'generic', '--from-env', 'VALUE'], {
      env: { KHEISH_AUTH_STORE_MASTER_KEY_FILE: keyFile, VALUE: value ?? '' },
    });
    expect(set.code, set.stderr).toBe(0);
  }
  const forms = () => known.flatMap((secret) => formsIn(secret));
  const everything = () => forms().join('\n');
  const backups = join(box.directory, 'backups');
  mkdirSync(backups);
  let turns = 0;
  await using provider = await startFakeProvider({
    protocol: 'chat-completions',
    answer: () => {
      turns += 1;
      if (turns === 1) {
        return {
          text: pieces(everything()),
          reasoning: { text: everything() },
          toolCalls: [
            call('bash', { command: 'cat leak.txt', description: everything() }),
            call('read_file', { path: 'leak.txt' }),
            call('write_file', { path: 'written.txt', content: everything() }),
            call(known[3] ?? '', { [known[3] ?? '']: known[3] ?? '' }),
          ],
        };
      }
      if (turns === 2) {
        const command = 'cat leak.txt; sleep 60';
        return { toolCalls: [call('bash', { command, run_in_background: true })] };
      }
      if (turns === 3) return { text: everything() };
      return { status: 400, body: `bad request: ${everything()}` };
    },
  });
  await using daemon = await startDaemon({
    sandbox: box,
    routesFile: box.file('routes.toml', inlineRoute(provider.url)),
    args: ['--http-admin-token-file', box.file('admin', canary('admin'))].concat(
      ['--log-level', 'trace'],
      ['--backup-dir', backups],
    ),
    env: {
      KHEISH_AUTH_STORE_MASTER_KEY_FILE: keyFile,
      KHEISH_EXTERNAL_ACTION_AUDIT_SIGNING_KEY: signingKey,
    },
  });
  using admin = new Target(daemon.url, bearer(canary('admin')));
  const told: string[] = [];
  const ask = async (answer: Promise<RawAnswer>) => {
    const { text, head, status } = await answer;
    told.push(head, text);
    return { text, status };
  };
  const post = (path: string, body: object, headers = {}) =>
    ask(admin.json('POST', path, body, headers));
  const client = createClient({ baseUrl: daemon.url, token: canary('admin') });

  await post('/v1/runtime/secrets', generic('later', canary('set-later')));
  // The one answer that has it; it is not among those that are searched.
  known.push((await client.tokens.create({ name: 'ci', role: 'operator' })).token);
  box.file('workspace/leak.txt', `${everything()}\nThe end.\n`);
  await post('/v1/runtime/system-prompt', { mode: 'append', text: everything() });
  await client.runtime.setPermissionMode('bypassPermissions');
  expect((await post('/v1/sessions', { session_id: canary('inline') })).status).toBe(400);
  expect((await ask(admin.ask({ path: `/v1/sessions/${canary('inline')}` }))).status).toBe(404);
  await post('/v1/sessions', { session_id: 's', system_prompt: everything() });
  const stream = await openStream(`${daemon.url}/v1/sessions/s/stream`, undefined, {
    authorization: `Bearer ${canary('admin')}`,
  });
  for (const key of ['one', 'two']) {
    const input = { content: everything(), metadata: { [everything()]: everything() } };
    const { text, status } = await post('/v1/sessions/s/runs', input, { 'idempotency-key': key });
    expect(status, text).toBe(202);
    const { run_id } = JSON.parse(text) as { run_id: string };
    if (key === 'one') {
      await until('what a command in the background prints', async () => {
        const [task] = (await client.tasks.list('s')).items.filter(({ kind }) => kind === 'shell');
        const path = `/v1/sessions/s/tasks/${task?.id}/output?full=true`;
        return task && (await ask(admin.ask({ path }))).text.includes('The end.')
          ? true
          : undefined;
      });
      places('while a command runs');
    }
    await client.runs.wait(run_id);
  }
  for (const { method, path, response } of Object.values(operations)) {
    if (method !== 'GET' || response === 'event-stream') continue;
    await ask(admin.ask({ path: path.replace('{session_id}', 's') }));
  }
  const messages = await all(client.sessions.messages('s'));
  await client.sessions.end('s');
  const backup = await client.backups.create();
  expect(await client.backups.wait(backup.backup_id)).toMatchObject({ state: 'complete' });
  expect(filesIn(backups).length).toBeGreaterThan(1);
  expect(told.join('')).toContain('"key_id"');
  places('at rest');
  expect(provider.requests.length).toBeGreaterThan(3);
  // There was something to be found: the marks are where it was.
  for (const role of ['user', 'assistant', 'tool'] as const) {
    const said = messages.filter((message) => message.role === role);
    expect(marks(JSON.stringify(said)), role).toBeGreaterThan(known.length * 4);
  }
  expect(marks(stream.deltas.map((delta) => delta.text ?? '').join(''))).toBeGreaterThan(20);
  const wire = JSON.stringify(provider.requests.map(({ body }) => body));
  expect(forms().filter((form) => wire.includes(JSON.stringify(form).slice(1, -1)))).toEqual([]);
  await expectSound(client);

  function places(when: string): void {
    const searched: [string, Buffer][] = [
      ['the log', Buffer.from(daemon.log)],
      ['the answers', Buffer.from(told.join('\n'))],
      ['the stream', Buffer.from(stream.frames.map(({ data }) => data).join('\n'))],
      [
        'the live text',
        Buffer.from(stream.deltas.map(({ text, reasoning }) => text ?? reasoning).join('')),
      ],
      ...filesIn(box.stateRoot),
      ...filesIn(backups),
    ];
    const shown = searched.flatMap(([place, bytes]) =>
      forms()
        .flatMap((form) => [form, JSON.stringify(form).slice(1, -1)])
        .filter((form) => bytes.includes(form))
        .map((form) => `${place}: ${form}`),
    );
    expect(shown, when).toEqual([]);
  }
}, 60_000);
