import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createClient } from '@kheish/client-sdk';
import { generateMasterKey } from '@kheish/daemon';
import { type FakeProvider, startFakeProvider } from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import { type Sandbox, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { startInProcess } from '../harness/in-process.ts';
import { all } from '../harness/soundness.ts';
import { type WireProtocol, routeTable, wireProtocols } from '../harness/wire-protocols.ts';

/** Not shaped like a key of anyone's, so that only knowing it helps. */
const CANARY = 'c4nary.6b1f0e7d29c84a35';
const ENCODED = Buffer.from(CANARY).toString('base64');

/** A server that nobody may ever connect to. */
async function startTrap(): Promise<{ url: string; contacts: () => number } & AsyncDisposable> {
  let contacts = 0;
  const server = createServer((socket) => {
    contacts += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    contacts: () => contacts,
    async [Symbol.asyncDispose]() {
      server.close();
      await once(server, 'close');
    },
  };
}

/** What the shells of developers have set for other programs. */
function trapVariables(trap: string): Record<string, string> {
  const addresses =
    'OPENAI_BASE_URL OPENAI_API_BASE ANTHROPIC_BASE_URL OPENROUTER_BASE_URL GOOGLE_BASE_URL ' +
    'GOOGLE_GEMINI_BASE_URL XAI_BASE_URL';
  const proxies = 'HTTP_PROXY HTTPS_PROXY ALL_PROXY http_proxy https_proxy all_proxy';
  const names = `${addresses} ${proxies}`.split(' ');
  return {
    ...Object.fromEntries(names.map((name) => [name, trap])),
    OPENAI_API_KEY: 'sk-of-another-program',
    ANTHROPIC_API_KEY: 'sk-of-another-program',
    ANTHROPIC_AUTH_TOKEN: 'sk-of-another-program',
    OPENROUTER_API_KEY: 'sk-of-another-program',
    GOOGLE_API_KEY: 'sk-of-another-program',
    GEMINI_API_KEY: 'sk-of-another-program',
    XAI_API_KEY: 'sk-of-another-program',
  };
}

describe.each(wireProtocols)('the key of a $driver route', (wire) => {
  test('goes to its base_url and nowhere else, whatever the environment says [holds keys.stay_on_route]', async () => {
    using box = sandbox();
    await using trap = await startTrap();
    await using provider = await startFakeProvider({ protocol: wire.protocol });
    const table = routeTable(wire, provider.url, 'api_key_env = "CANARY"');
    await using daemon = await startDaemon({
      sandbox: box,
      routesFile: box.file('routes.toml', `version = 1\n${table}`),
      env: { ...trapVariables(trap.url), CANARY },
    });
    const client = createClient({ baseUrl: daemon.url });
    await client.sessions.create({ session_id: 'keyed' });
    const { run_id } = await client.sessions.submit('keyed', 'hello');
    expect((await client.runs.wait(run_id, { timeoutMs: 10_000 })).status).toBe('completed');
    const [header, value] = wire.credential(CANARY);
    expect(provider.requests).toHaveLength(1);
    expect(provider.requests[0]?.headers[header]).toBe(value);
    expect(JSON.stringify(provider.requests[0])).not.toContain('sk-of-another-program');
    expect(trap.contacts()).toBe(0);
  });

  test('does not follow a redirect to another origin', async () => {
    using box = sandbox();
    await using trap = await startTrap();
    await using provider = await startFakeProvider({ protocol: wire.protocol });
    provider.respondWith([{ status: 307, headers: { location: `${trap.url}/elsewhere` } }]);
    const table = routeTable(wire, provider.url, `api_key = "${CANARY}"`);
    await using daemon = await startInProcess({ sandbox: box, routes: `version = 1\n${table}` });
    const client = createClient({ baseUrl: daemon.url });
    await client.sessions.create({ session_id: 'keyed' });
    const { run_id } = await client.sessions.submit('keyed', 'hello');
    const run = await client.runs.wait(run_id, { timeoutMs: 10_000 });
    expect(run).toMatchObject({ status: 'failed', error: { domain: 'models' } });
    expect(trap.contacts()).toBe(0);
  });

  test('shows up in no log line, event, answer or file [holds keys.never_shown]', async () => {
    using box = sandbox();
    await using provider = await startFakeProvider({ protocol: wire.protocol });
    const masterKey = { KHEISH_AUTH_STORE_MASTER_KEY: generateMasterKey() };
    await sealCanary(box, wire, masterKey);
    const table = routeTable(wire, provider.url, 'auth_ref = "canary"');
    await using daemon = await startDaemon({
      sandbox: box,
      routesFile: box.file('routes.toml', `version = 1\n${table}`),
      args: ['--log-level', 'trace'],
      env: masterKey,
    });
    const client = createClient({ baseUrl: daemon.url });
    await client.sessions.create({ session_id: 'keyed' });
    const statuses = [];
    for (const turn of indiscretions()) {
      provider.respondWith([turn, turn, turn]);
      const { run_id } = await client.sessions.submit('keyed', 'hello');
      statuses.push((await client.runs.wait(run_id, { timeoutMs: 30_000 })).status);
    }
    expect(statuses).toEqual(indiscretions().map(() => 'failed'));
    expectSent(provider, wire);

    expectSilence('the log', daemon.log);
    for (const path of await answersOf(daemon.url)) {
      const response = await fetch(daemon.url + path);
      expectSilence(path, await response.text());
    }
    expectSilence('events', JSON.stringify(await all(client.sessions.events('keyed'))));
    await daemon.stop();
    expectSilence('the log', daemon.log);
    for (const file of readdirSync(box.stateRoot, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      expectSilence(file.name, readFileSync(join(file.parentPath, file.name), 'latin1'));
    }
  });
});

/** Ways in which a provider may repeat the key that it was sent. */
function indiscretions() {
  const message = `the key ${CANARY} is not good`;
  return [
    { status: 401, body: { error: { type: 'authentication_error', message } } },
    { status: 400, body: `no JSON: ${CANARY}` },
    { status: 400, body: { error: { type: 'invalid_request_error', message: ENCODED } } },
    {
      status: 403,
      body: { error: { code: CANARY, type: CANARY, message } },
    },
    { text: 'a', streamError: { code: 'invalid_request_error', message } },
  ];
}

async function sealCanary(
  box: Sandbox,
  { slotProvider: provider }: WireProtocol,
  env: Record<string, string>,
): Promise<void> {
  await using daemon = await startDaemon({ sandbox: box, env });
  const { secrets } = createClient({ baseUrl: daemon.url });
  const slot = { slot_id: 'canary' };
  const state = { kind: 'api_key', api_key: CANARY } as const;
  if (provider === 'generic') {
    const value = { value: CANARY };
    await secrets.set({ ...slot, provider, mode: 'opaque_secret', state: value });
  } else if (provider === 'open_ai') {
    await secrets.set({ ...slot, provider, mode: 'api_key', state });
  } else {
    await secrets.set({ ...slot, provider, mode: 'api_key', state });
  }
  expectSilence('the log', daemon.log);
  await daemon.stop();
}

async function answersOf(url: string): Promise<string[]> {
  const runs = await all(createClient({ baseUrl: url }).runs.list());
  const resources =
    'status runtime runtime/secrets runtime/secrets/canary sessions sessions/keyed runs';
  return [
    ...resources.split(' ').map((path) => `/v1/${path}`),
    '/v1/sessions/keyed/messages',
    ...runs.map(({ run_id }) => `/v1/runs/${run_id}/stream?cursor=0`),
  ];
}

function expectSent(provider: FakeProvider, wire: WireProtocol): void {
  const [header, value] = wire.credential(CANARY);
  for (const request of provider.requests) expect(request.headers[header]).toBe(value);
}

/** The canary in none of the forms that are read back in a moment. */
function expectSilence(where: string, text: string): void {
  const bytes = Buffer.from(CANARY);
  for (const form of [CANARY, bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex')]) {
    expect(text.includes(form), where).toBe(false);
  }
}
