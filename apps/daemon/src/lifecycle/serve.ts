import { setFlagsFromString } from 'node:v8';
import { createRedactor } from '@kheish/auth-store';
import { KHEISH_VERSION } from '@kheish/core-model';
import { parseBind } from '../config/bind-address.ts';
import {
  hideSecrets,
  masterKeyOf,
  scrubEnvironment,
  secretFilesOf,
  tokenOf,
} from '../config/daemon-secrets.ts';
import { inventoryOf } from '../config/model-routes.ts';
import { createLog } from '../log/daemon-log.ts';
import type { ServeOptions } from '../serve-options.ts';
import { createDaemon } from './create-daemon.ts';

/** Runs a daemon until SIGTERM or SIGINT; a second signal does not wait. Resolves after the last close. */
export async function serve(options: ServeOptions): Promise<void> {
  const redactor = createRedactor();
  hideSecrets(options, redactor);
  const bind = parseBind(options.bind);
  const admin = tokenOf('--http-admin-token', options.adminToken);
  const readonly = tokenOf('--http-readonly-token', options.readonlyToken);
  const inventory = inventoryOf(options);
  const masterKey = masterKeyOf(options.masterKeySource, (text) => redactor.add(text));
  scrubEnvironment(process.env, redactor);
  const log = await createLog({ format: options.logFormat, level: options.logLevel, redactor });
  // Before the start, so that a signal that comes with the first word of readiness is heard too.
  using signals = listenForStop();

  const daemon = await createDaemon({
    stateRoot: options.stateRoot,
    workspaceRoot: options.workspaceRoot ?? process.cwd(),
    bind,
    inventory,
    auth: { mode: options.httpAuthMode, ...(admin && { admin }), ...(readonly && { readonly }) },
    corsAllowOrigins: options.corsAllowOrigins,
    ...(masterKey && { masterKey }),
    ...(options.backupDir !== undefined && { backupDir: options.backupDir }),
    signingKeySource: options.signingKeySource,
    secretFiles: secretFilesOf(options),
    path: process.env['PATH'] ?? '',
    log,
    redactor,
  });
  const { url, rootId, incarnation, recovered } = daemon;
  const version = KHEISH_VERSION;
  log.info({ url, version, pid: process.pid, root_id: rootId, incarnation, recovered }, 'ready');
  // From here on the heap grows by half of what lives in it; while it starts, that would cost 50 ms of collections.
  setFlagsFromString('--heap-growing-percent=50');
  if (inventory.routes.size === 0) {
    log.warn(
      {},
      'no model routes: runs are refused until the daemon is started with --routes-file or --provider',
    );
  }

  const signal = await signals.first;
  log.info({ signal }, 'draining; a second signal stops at once');
  await daemon.close({ drainTimeoutMs: options.drainTimeoutMs });
  masterKey?.wipe();
  log.info({}, 'stopped');
}

interface StopSignals extends Disposable {
  readonly first: Promise<NodeJS.Signals>;
}

/** One listener for all: between two of them a signal would end the process in the system's own way. */
function listenForStop(): StopSignals {
  const { promise: first, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let heard = false;
  const stop = (signal: NodeJS.Signals) => {
    if (heard) process.exit(1);
    heard = true;
    resolve(signal);
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  return { first, [Symbol.dispose]: () => process.off('SIGTERM', stop).off('SIGINT', stop) };
}
