import { type Client, createClient } from '@kheish/client-sdk';
import { generateMasterKey } from '@kheish/daemon';
import { type DaemonProcess, type Sandbox, startDaemon } from '../harness/daemon-process.ts';
import { at, jsonOf, runKheish } from '../harness/kheish-command.ts';

const routes = (url: string) => `version = 1
[routes.main]
driver = "openai_compatible"
default_model = "m"
base_url = "${url}"
auth_ref = "main.prod"
`;

/** A root whose one route has its key in a sealed slot, and the daemon on it. */
export class Lending implements AsyncDisposable {
  readonly #box: Sandbox;
  readonly #providerUrl: string;
  readonly #env = { KHEISH_AUTH_STORE_MASTER_KEY: generateMasterKey() };
  #daemon: DaemonProcess | undefined;

  constructor(box: Sandbox, providerUrl: string) {
    this.#box = box;
    this.#providerUrl = providerUrl;
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

  async seal(value: string): Promise<void> {
    const { secrets } = this.client;
    const slot = { slot_id: 'main.prod', provider: 'generic', mode: 'opaque_secret' } as const;
    await secrets.set({ ...slot, state: { value } });
  }

  /** Kills the daemon that is there, if one is. */
  async restart(): Promise<void> {
    await this.#daemon?.kill();
    const routesFile = this.#box.file('routes.toml', routes(this.#providerUrl));
    this.#daemon = await startDaemon({ sandbox: this.#box, routesFile, env: this.#env });
  }

  /** How a run of one input ends. */
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
