import { resolve } from 'node:path';
import { SecretStore } from '@kheish/auth-store';
import { KheishError, idFactory, isTerminal } from '@kheish/core-model';
import { createEgress } from '@kheish/egress';
import { type HttpApi, createHttpApi } from '@kheish/http-api';
import { Engine } from '@kheish/run-engine';
import { type Store, openStore } from '@kheish/state-store';
import { createWorkspaceTools } from '@kheish/workspace-tools';
import { accessPolicy, isLoopback } from '../access/access-policy.ts';
import { runHandlers } from '../api/run-handlers.ts';
import { runtimeHandlers } from '../api/runtime-handlers.ts';
import { secretHandlers } from '../api/secret-handlers.ts';
import { sessionHandlers } from '../api/session-handlers.ts';
import { systemClock, systemRandom } from '../platform/system-clock.ts';
import { version } from '../platform/version.ts';
import { RouteBook } from '../routes/route-book.ts';
import type { DaemonOptions } from './daemon-options.ts';
import { checkRootsApart, openWorkspaceRoot } from './roots.ts';

/** A daemon that serves. Several may run in one process, each on a state root of its own. */
export interface Daemon extends AsyncDisposable {
  /** `http://host:port`. */
  readonly url: string;
  readonly rootId: string;
  readonly incarnation: number;
  /** Runs taken over from earlier starts. */
  readonly recovered: number;
  /**
   * Drains and stops: no new run begins, what is under way gets `drainTimeoutMs`, and goes on at the next start
   * where that was too short. Resolves when nothing of it is left open.
   */
  close(options?: { drainTimeoutMs?: number }): Promise<void>;
}

const DRAIN_TIMEOUT_MS = 10_000;

/** Opens the state root, takes over what was left running, and serves. */
export async function createDaemon(options: DaemonOptions): Promise<Daemon> {
  const { clock = systemClock, random = systemRandom } = options;
  const newId = idFactory(clock, random);
  const access = accessPolicy({ ...options.auth, bindHost: options.bind.host });
  const workspaceRoot = openWorkspaceRoot(options.workspaceRoot);
  const store = openStore({
    stateRoot: options.stateRoot,
    clock,
    newId,
    version,
    ...(options.reach && { reach: options.reach }),
  });
  const closers: (() => Promise<void>)[] = [() => store.close()];
  const closeAll = async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    checkRootsApart(store.root.stateRoot, workspaceRoot, access.enabled, options.log);
    const secrets = new SecretStore(store, options.masterKey, random);
    const egress = createEgress({ clock });
    closers.push(() => egress.close());
    const routes = new RouteBook({
      inventory: options.inventory,
      store,
      secrets,
      egress,
      clock,
      onCredential: (secret) => options.redactor.add(secret),
    });
    requireReadyRoutes(routes, secrets, store);
    const incarnation = await store.beginIncarnation();
    closers.push(() => incarnation.end());
    const tools = createWorkspaceTools({
      workspaceRoot,
      hidden: [store.root.stateRoot, ...(options.secretFiles ?? []).map((file) => resolve(file))],
    });
    const engine = new Engine({
      ...options,
      store,
      incarnation,
      routes,
      tools,
      clock,
      random,
      newId,
    });
    let drainTimeoutMs = DRAIN_TIMEOUT_MS;
    let draining = false;
    let address = '';
    closers.push(() => engine.drain(drainTimeoutMs));

    const api: HttpApi = createHttpApi({
      handlers: {
        ...sessionHandlers(store, engine),
        ...runHandlers(store, engine),
        ...secretHandlers(secrets),
        ...runtimeHandlers({
          store,
          engine,
          secrets,
          routes,
          incarnation,
          version,
          workspaceRoot,
          startedAtMs: clock.now(),
          now: () => clock.now(),
          isDraining: () => draining,
          address: () => address,
          controlPlane: {
            bind_is_loopback: isLoopback(options.bind.host),
            auth_enabled: access.enabled,
            read_only_token_enabled: access.enabled && options.auth.readonly !== undefined,
          },
          followerCount: () => api.followerCount(),
        }),
      },
      access,
      hosts: { bindHost: options.bind.host },
      feed: store.feed,
      deltas: engine.live,
      subjects: {
        sessionExists: (id) => (store.read.session(id)?.status ?? 'deleted') !== 'deleted',
        run: (id) => {
          const run = store.read.run(id);
          return run && (isTerminal(run.status) ? 'ended' : 'active');
        },
      },
      log: options.log,
      clock,
      isDraining: () => draining,
    });
    const bound = await api.listen(options.bind);
    const host = bound.address.includes(':') ? `[${bound.address}]` : bound.address;
    address = `${host}:${bound.port}`;
    const { recovered } = await engine.recover();
    store.announce(address);

    let closing: Promise<void> | undefined;
    const close: Daemon['close'] = (how = {}) => {
      drainTimeoutMs = how.drainTimeoutMs ?? DRAIN_TIMEOUT_MS;
      draining = true;
      closing ??= stop(engine, drainTimeoutMs, api, closeAll);
      return closing;
    };
    return {
      url: `http://${address}`,
      rootId: store.root.rootId,
      incarnation: incarnation.number,
      recovered,
      close,
      [Symbol.asyncDispose]: () => close(),
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Probes and streams answer while the last steps come to their end; then the door is shut. */
async function stop(
  engine: Engine,
  drainTimeoutMs: number,
  api: HttpApi,
  closeRest: () => Promise<void>,
): Promise<void> {
  await engine.drain(drainTimeoutMs);
  await api.close();
  await closeRest();
}

/** A route whose secret is missing would fail every run: better to say so before the first. */
function requireReadyRoutes(routes: RouteBook, secrets: SecretStore, store: Store): void {
  const broken = routes.readiness().filter((route) => route.state === 'error');
  if (broken.length > 0) {
    const lines = broken.map(({ message, action }) =>
      action === undefined
        ? message
        : `${message}\n  ${action} --offline --state-root ${store.root.stateRoot}`,
    );
    throw new KheishError('routes/route_not_ready', lines.join('\n'));
  }
  const sealed = [...routes.inventory.routes.values()].find((r) => r.credential.kind === 'slot');
  if (sealed !== undefined && !secrets.hasMasterKey) {
    throw new KheishError(
      'secrets/master_key_missing',
      `Route "${sealed.id}" needs a sealed secret, and there is no master key to open it. Set KHEISH_AUTH_STORE_MASTER_KEY or KHEISH_AUTH_STORE_MASTER_KEY_FILE to the key of this state root.`,
    );
  }
}
