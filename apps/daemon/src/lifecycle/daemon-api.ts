import { KHEISH_VERSION, KheishError, isTerminal } from '@kheish/core-model';
import { type HttpApi, createHttpApi } from '@kheish/http-api';
import { controlPlaneView } from '../access/control-plane-view.ts';
import { askedHandlers } from '../api/asked-handlers.ts';
import { auditHandlers } from '../api/audit-handlers.ts';
import { authHandlers } from '../api/auth-handlers.ts';
import { backupHandlers } from '../api/backup-handlers.ts';
import { configurationHandlers } from '../api/configuration-handlers.ts';
import { runHandlers } from '../api/run-handlers.ts';
import { runtimeHandlers } from '../api/runtime-handlers.ts';
import { currentRuntime } from '../api/runtime-settings.ts';
import { secretHandlers } from '../api/secret-handlers.ts';
import { sessionHandlers } from '../api/session-handlers.ts';
import { taskHandlers } from '../api/task-handlers.ts';
import { tokenHandlers } from '../api/token-handlers.ts';
import { verifyRoot } from '../audit/verify-root.ts';
import { systemClock } from '../platform/system-clock.ts';
import type { DaemonOptions } from './daemon-options.ts';
import type { DaemonParts } from './daemon-parts.ts';

/** What changes while a daemon lives. */
export interface DaemonState {
  phase: 'starting' | 'serving' | 'draining';
  /** `host:port` once it listens. */
  address: string;
}

/** The door: every operation of the API, on the daemon's parts. */
export function daemonApi(options: DaemonOptions, parts: DaemonParts, state: DaemonState): HttpApi {
  const { clock = systemClock, bind, auth, log, corsAllowOrigins: origins = [] } = options;
  const { store, engine, access } = parts;
  const isDraining = () => state.phase === 'draining';
  const api: HttpApi = createHttpApi({
    handlers: {
      ...sessionHandlers(store, engine),
      ...runHandlers(store, engine),
      ...askedHandlers(parts),
      ...taskHandlers(store, parts.tasks),
      ...configurationHandlers(parts),
      ...auditHandlers(store, parts.audit, clock),
      ...secretHandlers(parts, options),
      ...tokenHandlers({
        ...parts,
        hasStaticAdmin: auth.admin !== undefined,
        hide: (token) => options.redactor.add(token),
        dropRevokedStreams: () => api.dropRevokedStreams(),
      }),
      ...backupHandlers(parts.backups),
      ...authHandlers(parts),
      ...runtimeHandlers({
        ...parts,
        version: KHEISH_VERSION,
        startedAtMs: clock.now(),
        now: () => clock.now(),
        isDraining,
        address: () => state.address,
        controlPlane: (address) => controlPlaneView(options, access, parts.tokens, address),
        followerCount: () => api.followerCount(),
        runtime: () => currentRuntime(parts),
        verify: () => verifyRoot(store, clock),
      }),
    },
    access,
    noteRefusal: (failure) => parts.authFailures.note(failure),
    hosts: {
      bindHost: bind.host,
      ...(origins.length > 0 && { allowedOrigins: origins }),
    },
    feed: store.feed,
    deltas: engine.live,
    subjects: {
      sessionExists: (id) => (store.read.session(id)?.status ?? 'deleted') !== 'deleted',
      run: (id) => {
        const run = store.read.run(id);
        return run && (isTerminal(run.status) ? 'ended' : 'active');
      },
    },
    log,
    clock,
    redactor: options.redactor,
    unready: () => unready(state, store),
  });
  return api;
}

function unready({ phase }: DaemonState, store: DaemonParts['store']): KheishError | undefined {
  if (phase === 'starting') {
    return new KheishError('readiness/daemon_starting', 'The daemon takes over what was left.');
  }
  if (phase === 'draining') {
    return new KheishError(
      'readiness/daemon_draining',
      'The daemon is going down; what is submitted now begins at its next start.',
    );
  }
  return store.failure() ?? store.ledger.failure();
}
