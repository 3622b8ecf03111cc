import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CredentialBroker, MasterKey, SecretStore, createRedactor } from '@kheish/auth-store';
import { type Clock, KheishError, type NewId, type RoutePin } from '@kheish/core-model';
import { type Egress, createEgress } from '@kheish/egress';
import { callModel } from '@kheish/model-drivers';
import { parseRoutesFile } from '@kheish/route-inventory';
import { type Store, openStore } from '@kheish/state-store';
import {
  type FakeProvider,
  ManualClock,
  fakeProtocolOf,
  startFakeProvider,
  systemRandom,
} from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../platform/system-clock.ts';
import { RouteBook } from './route-book.ts';

const pin: RoutePin = { route_id: 'main', driver: 'openai_compatible', model: 'm' };

/** A route to a real provider, with its key in a slot of a real store. */
class LentRoute implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly store: Store;
  readonly broker: CredentialBroker;
  readonly #path = mkdtempSync(join(tmpdir(), 'lent-route-'));
  readonly #secrets: SecretStore;
  readonly #routes: RouteBook;
  #egress: Egress = createEgress({ clock: systemClock });
  #ids = 0;

  constructor(url: string) {
    const { clock } = this;
    const newId: NewId = (prefix) => this.newId(prefix);
    const store = openStore({ stateRoot: this.#path, clock, newId, version: '1.0.0' });
    this.store = store;
    this.broker = new CredentialBroker({ store, clock, newId });
    this.#secrets = new SecretStore({
      store,
      masterKey: new MasterKey(new Uint8Array(32)),
      random: systemRandom,
      clock,
      redactor: createRedactor(),
    });
    const route = `driver = "openai_compatible"\ndefault_model = "m"\nbase_url = "${url}"\nauth_ref = "main.prod"`;
    this.#routes = new RouteBook({
      inventory: parseRoutesFile(`version = 1\n[routes.main]\n${route}\n`, {
        file: 'routes.toml',
        environment: {},
      }),
      store,
      secrets: this.#secrets,
      broker: this.broker,
      // A name that is looked up and a connection that is made take their time elsewhere.
      egress: {
        request: async (asked) => {
          await eventLoopTurns(6);
          return this.#egress.request(asked);
        },
        close: () => this.#egress.close(),
      },
      clock: systemClock,
      onCredential: () => undefined,
    });
  }

  newId(prefix: string): string {
    return `${prefix}_${(this.#ids += 1)}`;
  }

  async seal(value: string): Promise<void> {
    const slot = { slot_id: 'main.prod', provider: 'generic', mode: 'opaque_secret' } as const;
    await this.#secrets.set({ ...slot, state: { value } });
  }

  async rekey(): Promise<void> {
    await this.#secrets.rekey(new MasterKey(new Uint8Array(32).fill((this.#ids += 1))));
  }

  /** A new session with a call that is intended. */
  async intend(): Promise<Intent> {
    const session_id = this.newId('session');
    const use = { sessionId: session_id, scope: undefined, routeId: 'main', slotId: 'main.prod' };
    const grant_id = await this.store.commit({
      load: { session: session_id },
      decide: (state) => {
        state.record({ type: 'session_created', session_id, agent_id: 'a' });
        return this.broker.decide(state, use);
      },
    });
    return { session_id, grant_id: grant_id ?? '' };
  }

  /** Makes the call; `between` its attempts something may happen. */
  async call(intent: Intent, between: () => Promise<unknown> = () => Promise.resolve()) {
    const sleep: Clock['sleep'] = async (ms, signal) => {
      if (ms > 1) return systemClock.sleep(ms, signal);
      await between();
    };
    return callModel({
      driver: await this.#routes.driver(pin, intent),
      request: {
        model: 'm',
        system: 'Be brief.',
        messages: [{ role: 'user', content: intent.session_id }],
        tools: [],
        generation: {},
      },
      clock: { ...systemClock, sleep },
      random: systemRandom,
      signal: new AbortController().signal,
      policy: { retries: 1, initialBackoffMs: 1, maxBackoffMs: 1 },
    });
  }

  /** The next call has to connect. */
  async closeConnections(): Promise<void> {
    await this.#egress.close();
    this.#egress = createEgress({ clock: systemClock });
  }

  async revoke({ session_id }: Intent): Promise<void> {
    await this.store.commit(this.broker.revokeSubject(`session:${session_id}`));
  }

  leaseOf({ grant_id }: Intent) {
    return this.store.read.authority.newestLease(grant_id)?.lease;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#egress.close();
    await this.store.close();
    rmSync(this.#path, { recursive: true, force: true });
  }
}

async function eventLoopTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Intent {
  readonly session_id: string;
  readonly grant_id: string;
}

const startProvider = () => startFakeProvider({ protocol: fakeProtocolOf.openai_compatible });

/** Calls that were made in the name of a session. */
const made = (provider: FakeProvider, { session_id: id }: Intent) =>
  provider.requests.filter(({ body }) => JSON.stringify(body).includes(`"${id}"`)).length;

/** Everything that was sent until now has arrived: a request on a new connection comes after it. */
async function arrived(provider: FakeProvider): Promise<void> {
  for (let times = 0; times < 2; times += 1) {
    await (await fetch(provider.url, { headers: { connection: 'close' } })).text();
  }
}

test('no call begins after a revocation, in whatever turn of the event loop that is acknowledged [holds credentials.no_call_after_revoke]', async () => {
  await using provider = await startProvider();
  await using route = new LentRoute(provider.url);
  await route.seal('key');
  const outcomes = new Set<string>();
  for (const isFirst of [true, false]) {
    for (let turns = 0; turns < 14; turns += 1) {
      const intent = await route.intend();
      // Either on a connection that is there, or on one that has to be made.
      if (isFirst) await route.closeConnections();
      const call = route.call(intent).then(
        () => 'made',
        (error: unknown) => (error instanceof KheishError ? error.code : String(error)),
      );
      await eventLoopTurns(turns);
      await route.revoke(intent);
      await arrived(provider);
      const before = made(provider, intent);
      const outcome = await call;
      await arrived(provider);
      outcomes.add(outcome);
      expect({ turns, made: made(provider, intent) }).toEqual({ turns, made: before });
      expect({ turns, outcome }).toEqual({
        turns,
        outcome: before === 1 ? 'made' : 'credentials/subject_revoked',
      });
    }
  }
  expect([...outcomes].toSorted()).toEqual(['credentials/subject_revoked', 'made']);
});

describe('a call that is tried again', () => {
  const failing = { status: 503 } as const;

  test('goes on with another lease where its own has expired, under the same grant', async () => {
    await using provider = await startProvider();
    await using route = new LentRoute(provider.url);
    await route.seal('key');
    const intent = await route.intend();
    const first = route.leaseOf(intent);
    provider.respondWith([failing]);
    await route.call(intent, () => Promise.resolve(route.clock.advance(60_001)));
    expect(provider.requests).toHaveLength(2);
    const second = route.leaseOf(intent);
    expect(second?.id).not.toBe(first?.id);
    expect(second?.issued_at_ms).toBe(route.clock.now());
  });

  test('sends nothing more once it is revoked', async () => {
    await using provider = await startProvider();
    await using route = new LentRoute(provider.url);
    await route.seal('key');
    for (const revoke of [
      (intent: Intent) => route.revoke(intent),
      (intent: Intent) =>
        route.store.commit(route.broker.revokeLease(route.leaseOf(intent)?.id ?? '')),
      () => route.store.commit(route.broker.revokeSlot('main.prod', false)),
    ]) {
      const intent = await route.intend();
      provider.respondWith([failing]);
      await expect(route.call(intent, () => revoke(intent))).rejects.toMatchObject({
        code: expect.stringMatching(/^credentials\/(subject|lease|slot)_revoked$/) as unknown,
      });
      expect(made(provider, intent)).toBe(1);
    }
  });

  test('sends the key that is there by then', async () => {
    await using provider = await startProvider();
    await using route = new LentRoute(provider.url);
    await route.seal('before');
    const intent = await route.intend();
    provider.respondWith([failing]);
    await route.call(intent, () => route.seal('after'));
    const keys = provider.requests.map(({ headers }) => headers.authorization);
    expect(keys).toEqual(['Bearer before', 'Bearer after']);
  });
});

test('another master key gives back nothing that was revoked, and takes nothing', async () => {
  await using provider = await startProvider();
  await using route = new LentRoute(provider.url);
  await route.seal('key');
  const intent = await route.intend();
  provider.respondWith([{ status: 503 }]);
  await route.call(intent, () => route.rekey());
  expect(provider.requests).toHaveLength(2);
  await route.store.commit(route.broker.revokeSlot('main.prod', false));
  await route.rekey();
  await expect(route.call(intent)).rejects.toMatchObject({ code: 'credentials/slot_revoked' });
  expect((await route.store.verify()).findings).toEqual([]);
  await route.seal('another key');
  await route.call(intent);
  expect(provider.requests).toHaveLength(3);
});

test('an answer that is under way is not cut by the end of its lease', async () => {
  await using provider = await startProvider();
  await using route = new LentRoute(provider.url);
  await route.seal('key');
  const intent = await route.intend();
  const held = Promise.withResolvers<void>();
  provider.respondWith([{ text: ['a', 'b'], hold: { afterChunks: 1, until: held.promise } }]);
  const call = route.call(intent);
  await provider.request(0);
  route.clock.advance(600_000);
  held.resolve();
  expect((await call).parts).toEqual([{ type: 'text', text: 'ab' }]);
});
