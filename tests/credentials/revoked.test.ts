import { type Client, createClient } from '@kheish/client-sdk';
import { generateMasterKey } from '@kheish/daemon';
import { type FakeProvider, fakeProtocolOf, startFakeProvider } from '@kheish/testkit';
import { expect, test } from 'vitest';
import {
  type DaemonProcess,
  type Sandbox,
  sandbox,
  startDaemon,
} from '../harness/daemon-process.ts';
import { at, jsonOf, runKheish } from '../harness/kheish-command.ts';

const routes = (url: string) => `version = 1
[routes.main]
driver = "openai_compatible"
default_model = "m"
base_url = "${url}"
auth_ref = "main.prod"
`;

/** A root with a sealed key, and the provider that it is for. */
class Lending implements AsyncDisposable {
  readonly #box: Sandbox;
  readonly provider: FakeProvider;
  readonly #env = { KHEISH_AUTH_STORE_MASTER_KEY: generateMasterKey() };
  #daemon: DaemonProcess | undefined;

  constructor(box: Sandbox, provider: FakeProvider) {
    this.#box = box;
    this.provider = provider;
  }

  get client(): Client {
    return createClient({ baseUrl: this.#running.url });
  }

  get #running(): DaemonProcess {
    if (this.#daemon === undefined) throw new Error('the daemon was not started');
    return this.#daemon;
  }

  async sealOffline(value: string): Promise<void> {
    const root = ['--offline', '--state-root', this.#box.stateRoot];
    const secret = ['--provider', 'generic', '--value', value];
    await jsonOf(['secrets', 'set', 'main.prod', ...secret, ...root], { env: this.#env });
  }

  /** Kills the daemon that is there, if one is. */
  async restart(): Promise<void> {
    await this.#daemon?.kill();
    const routesFile = this.#box.file('routes.toml', routes(this.provider.url));
    this.#daemon = await startDaemon({ sandbox: this.#box, routesFile, env: this.#env });
  }

  /** The end of a run of one input. */
  async turn(sessionId: string): Promise<string> {
    const { run_id } = await this.client.sessions.submit(sessionId, 'hello');
    return (await this.client.runs.wait(run_id, { timeoutMs: 10_000 })).status;
  }

  command(...args: string[]) {
    return runKheish(['--output', 'json', ...args], { env: at(this.#running) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.kill();
  }
}

test('who is revoked sends nothing, also after a kill, until it is restored [holds credentials.revoked_for_good]', async () => {
  using box = sandbox();
  await using provider = await startFakeProvider({ protocol: fakeProtocolOf.openai_compatible });
  await using root = new Lending(box, provider);
  await root.sealOffline('first-key');
  await root.restart();
  await root.client.sessions.create({ session_id: 'demo' });
  await root.client.sessions.create({ session_id: 'other' });
  expect(await root.turn('demo')).toBe('completed');
  const { auth } = root.client.runtime;
  const { active_route_lease_ids: leases, ...subject } = await auth.subject('session:demo');
  expect(subject).toMatchObject({ current_epoch: 0, revoked: false });
  expect(leases).toHaveLength(1);
  expect(await auth.lease(leases[0] ?? '')).toMatchObject({
    lease: {
      subject_id: 'session:demo',
      subject_epoch: 0,
      audience: { type: 'route', route_id: 'main', slot_id: 'main.prod' },
    },
    revoked: false,
    active: true,
  });

  const revoked = await root.command('runtime', 'auth', 'revoke-subject', 'session:demo');
  expect(JSON.parse(revoked.stdout)).toMatchObject({
    current_epoch: 1,
    revoked: true,
    active_route_lease_ids: [],
  });
  await root.restart();
  const refused = await root.command('sessions', 'input', 'demo', 'again', '--wait');
  expect(refused.code).toBe(4);
  const mend = /kheish (runtime auth restore-subject session:demo)/.exec(refused.stderr)?.[1] ?? '';
  expect(await root.turn('other')).toBe('completed');
  expect(provider.requests).toHaveLength(2);

  expect(await root.command(...mend.split(' '))).toMatchObject({ code: 0 });
  expect(await root.turn('demo')).toBe('completed');

  const { revoked_leases } = await root.client.runtime.auth.revokeSlot('main.prod');
  expect(revoked_leases.length).toBeGreaterThan(0);
  await root.restart();
  await expect(root.turn('other')).rejects.toMatchObject({ code: 'credentials/slot_revoked' });
  await root.client.secrets.set({
    slot_id: 'main.prod',
    provider: 'generic',
    mode: 'opaque_secret',
    state: { value: 'second-key' },
  });
  expect(await root.turn('other')).toBe('completed');
  expect(provider.requests.map(({ headers }) => headers.authorization)).toEqual(
    ['first-key', 'first-key', 'first-key', 'second-key'].map((key) => `Bearer ${key}`),
  );
  expect(await root.client.store.verify()).toMatchObject({ ok: true });
});
