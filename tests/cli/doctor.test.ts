import { createClient } from '@kheish/client-sdk';
import { type FakeProvider, startFakeProvider } from '@kheish/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DaemonProcess, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { at, expectRefusal, jsonOf, runKheish } from '../harness/kheish-command.ts';
import { all } from '../harness/soundness.ts';
import { routeTable, wireProtocol } from '../harness/wire-protocols.ts';

interface Check {
  readonly name: string;
  readonly code: string;
  readonly severity: string;
  readonly related_id?: string;
}
interface RoutesView {
  readonly ok: boolean;
  readonly routes: readonly { readonly route_id: string }[];
  readonly canaries?: readonly { readonly run_id: string; readonly status: string }[];
  readonly diagnostics: readonly Check[];
}

const wire = wireProtocol('openai_compatible');
const key = 'sk-doctor-canary';
const box = sandbox();
let provider: FakeProvider;
let daemon: DaemonProcess;

beforeAll(async () => {
  provider = await startFakeProvider({ protocol: wire.protocol });
  const routes = `version = 1
default_route = "scripted"
[routes.scripted]
driver = "scripted"
${routeTable(wire, provider.url, `api_key = "${key}"`)}`;
  daemon = await startDaemon({ sandbox: box, routesFile: box.file('r.toml', routes) });
});

afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await provider.close();
  box[Symbol.dispose]();
});

const routesOf = (code: number, ...flags: string[]) =>
  jsonOf<RoutesView>(['doctor', 'routes', ...flags], { env: at(daemon) }, code);
const found = (view: RoutesView) =>
  view.diagnostics.map(({ name, severity, code, related_id: id }) =>
    [name, severity, code, id].join(' '),
  );

describe('doctor', () => {
  it('finds a daemon well, and says who may call it [holds doctor.names_what_to_do]', async () => {
    const asked = ['doctor', '--cors-origin', 'http://localhost:5173'];
    const view = await jsonOf<{ ok: boolean; checks: Check[] }>(asked, { env: at(daemon) });
    expect(view.ok).toBe(true);
    const codes = new Map(view.checks.map(({ name, code }) => [name, code]));
    expect(Object.fromEntries(codes)).toMatchObject({
      readyz: 'ok',
      status: 'ok',
      event_stream: 'ok',
      cors_preflight: 'ok',
      event_counters: 'ok',
      routes: 'ok',
      auth: 'auth_disabled',
      storage: 'ok',
      backups: expect.any(String),
    });
    const evil = ['doctor', '--cors-origin', 'https://evil.example', '--output', 'table'];
    const refused = await runKheish(evil, { env: at(daemon) });
    expect([refused.code, refused.stdout]).toEqual([
      1,
      expect.stringContaining('--http-cors-allow-origin https://evil.example'),
    ]);
  });

  it('sends a canary through each route, on the record, and leaves nothing [holds doctor.canary]', async () => {
    const view = await routesOf(0, '--check-auth', '--canary', '--check-references');
    expect(found(view)).toEqual([
      'readiness info ready scripted',
      'readiness info ready openai_compatible',
      'auth info ok scripted',
      'canary info ok scripted',
      'auth info ok openai_compatible',
      'canary info ok openai_compatible',
      'references info ok ',
    ]);
    // One call answers both questions.
    expect(provider.requests.length).toBe(1);
    expect(provider.requests[0]?.headers.authorization).toBe(`Bearer ${key}`);
    const client = createClient({ baseUrl: daemon.url });
    expect(await all(client.sessions.list())).toEqual([]);
    const [, canary] = view.canaries ?? [];
    const record = await all(client.runs.externalActions(canary?.run_id ?? ''));
    expect(record.map(({ phase, kind }) => `${phase} ${kind}`)).toEqual([
      'request model_call',
      'response model_call',
    ]);
    expect((await client.store.verify()).findings).toEqual([]);
  });

  it('tells a refused credential from a provider that only fails', async () => {
    const only = ['--route', 'openai_compatible'];
    provider.respondWith([{ status: 401, body: {} }]);
    const refused = await routesOf(1, ...only, '--check-auth', '--canary');
    expect(found(refused)).toEqual([
      'readiness info ready openai_compatible',
      'auth error auth_refused openai_compatible',
      'canary error canary_failed openai_compatible',
    ]);
    provider.respondWith([{ status: 400, body: {} }]);
    const asked = await routesOf(1, ...only, '--check-auth', '--canary');
    expect(found(asked).slice(1)).toEqual([
      'auth info ok openai_compatible',
      'canary error canary_failed openai_compatible',
    ]);
    expect(JSON.stringify([refused, asked])).not.toContain(key);
    const none = await runKheish(['doctor', 'routes', '--route', 'x'], { env: at(daemon) });
    expectRefusal(none, 5, 'the daemon has no route "x"');
  });

  it('gives a canary its time, and then ends it', async () => {
    provider.respondWith([{ hang: 'before_headers' }]);
    const only = ['--route', 'openai_compatible', '--canary', '--canary-timeout-ms', '300'];
    const view = await routesOf(1, ...only);
    expect(found(view).at(-1)).toBe('canary error canary_timeout openai_compatible');
    const client = createClient({ baseUrl: daemon.url });
    expect((await client.runs.get(view.canaries?.[0]?.run_id ?? '')).status).toBe('cancelled');
    expect(await all(client.sessions.list())).toEqual([]);
  });

  it('reads a routes file without a daemon, as a daemon would', async () => {
    const two = '[routes.a]\ndriver = "scripted"\n[routes.b]\ndriver = "scripted"\n';
    const good = box.file('two.toml', `version = 1\ndefault_route = "a"\n${two}`);
    const asked = ['doctor', 'routes', '--routes-file', good, '--default-route', 'b'];
    const read = await jsonOf<RoutesView>(asked);
    expect(read).toMatchObject({ ok: true, source: 'file', default_route: 'b' });
    expect(read.routes.map(({ route_id: id }) => id)).toEqual(['a', 'b']);
    const bad = box.file('bad.toml', 'version = 1\n[routes.a]\ndriver = "none"\n');
    const refused = await runKheish(['doctor', 'routes', '--routes-file', bad]);
    expectRefusal(refused, 2, 'bad.toml, line 3, column 1');
  });
});
