import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createClient } from '@kheish/client-sdk';
import type { FakeProvider } from '@kheish/testkit';
import {
  type DaemonProcess,
  type DaemonStart,
  type Sandbox,
  startDaemon,
} from '../harness/daemon-process.ts';
import { type EventStream, openStream } from '../harness/event-stream.ts';
import { agentRoutes } from '../harness/fake-agent.ts';
import { expectSound } from '../harness/soundness.ts';
import { until } from '../harness/until.ts';

/** An answer that is no success, and so not the end of a critical path. */
export class Refused extends Error {}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A daemon whose disk fails now and then, and what it has acknowledged. */
export class FaultedDaemon implements AsyncDisposable {
  readonly #start: DaemonStart;
  #daemon: DaemonProcess;
  #stream: EventStream;
  /** Paths of the API whose resource was acknowledged, with the status they must answer from then on. */
  readonly acknowledged = new Map<string, number>();

  private constructor(start: DaemonStart, daemon: DaemonProcess, stream: EventStream) {
    this.#start = start;
    this.#daemon = daemon;
    this.#stream = stream;
  }

  static async start(
    box: Sandbox,
    agent: FakeProvider,
    more: Partial<DaemonStart> = {},
  ): Promise<FaultedDaemon> {
    const start: DaemonStart = {
      sandbox: box,
      routesFile: agentRoutes(box, agent),
      env: { KHEISH_AUTH_STORE_MASTER_KEY: randomBytes(32).toString('base64') },
      ...more,
    };
    const daemon = await startDaemon(start);
    const stream = await openStream(`${daemon.url}/v1/events/stream?cursor=0`);
    return new FaultedDaemon(start, daemon, stream);
  }

  get log(): string {
    return this.#daemon.log;
  }

  get pid(): number {
    return this.#daemon.pid;
  }

  /** Asks once. What is no success must be the refusal that says when to come back. */
  async ask(method: string, path: string, body?: object, key?: string): Promise<Answer> {
    const response = await fetch(this.#daemon.url + path, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const answer = { status: response.status, body: (await response.json()) as Answer['body'] };
    if (response.status === 503) {
      assert.equal(
        `${String(answer.body['domain'])}/${String(answer.body['code'])}`,
        'storage/storage_unavailable',
      );
      assert.ok(Number(response.headers.get('retry-after')) > 0);
      throw new Refused(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    }
    return answer;
  }

  /** Asks once, and takes down that it was acknowledged. */
  async done(method: string, path: string, body?: object, key?: string): Promise<Answer['body']> {
    const answer = await this.ask(method, path, body, key);
    assert.ok(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Resolves when the daemon says of itself that it is ready. */
  async ready(): Promise<void> {
    await until('readiness', async () => {
      const { status } = await fetch(`${this.#daemon.url}/readyz`);
      return status === 200 || undefined;
    });
  }

  /** What `/readyz` says, with its code where it is not ready. */
  async readiness(): Promise<string> {
    const response = await fetch(`${this.#daemon.url}/readyz`);
    if (response.status === 200) return 'ready';
    const { domain, code } = (await response.json()) as Record<string, string>;
    return `${response.status} ${domain}/${code}, ${response.headers.get('retry-after') ?? 'never'}`;
  }

  /** Everything is whole, what was acknowledged is there, and the follower has seen each event once, in order. */
  async expectWhole(): Promise<void> {
    const client = createClient({ baseUrl: this.#daemon.url });
    await expectSound(client);
    for (const [path, status] of this.acknowledged) {
      assert.equal((await this.ask('GET', path)).status, status, path);
    }
    const { newest_event_id: head } = (await client.status()).events;
    await this.#stream.reached(head);
    const ids = this.#stream.durable.map(({ id }) => Number(id));
    assert.deepEqual(
      ids,
      ids.map((_id, index) => index + 1),
    );
    assert.equal(ids.at(-1), Number(head));
  }

  /** Kills the daemon and starts it again, on whatever is on the disk. */
  async restart(): Promise<void> {
    await this.#daemon.kill();
    this.#stream[Symbol.dispose]();
    this.#daemon = await startDaemon(this.#start);
    this.#stream = await openStream(`${this.#daemon.url}/v1/events/stream?cursor=0`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream[Symbol.dispose]();
    await this.#daemon.kill();
  }
}
