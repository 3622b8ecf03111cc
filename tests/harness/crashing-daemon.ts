import { readFileSync } from 'node:fs';
import { readMasterKey } from '@kheish/auth-store';
import type { CrashPoint } from '@kheish/core-model';
import { createDaemon, createLog, createRedactor, parseRoutesFile } from '@kheish/daemon';

interface Told {
  readonly stateRoot: string;
  readonly workspaceRoot: string;
  readonly routesFile: string;
  readonly point: CrashPoint;
  readonly nth: number;
}

const told = JSON.parse(process.argv[2] ?? '') as Told;
const redactor = createRedactor();
const log = await createLog({ format: 'json', level: 'info', redactor });
const masterKey = readMasterKey({
  inline: process.env['KHEISH_AUTH_STORE_MASTER_KEY'],
  readFile: (path) => readFileSync(path),
});
let reached = 0;

const daemon = await createDaemon({
  stateRoot: told.stateRoot,
  workspaceRoot: told.workspaceRoot,
  bind: { host: '127.0.0.1', port: 0 },
  inventory: parseRoutesFile(readFileSync(told.routesFile, 'utf8'), {
    file: told.routesFile,
    environment: process.env,
  }),
  auth: { mode: 'auto' },
  ...(masterKey && { masterKey }),
  path: process.env['PATH'] ?? '',
  log,
  redactor,
  reach: (point) => {
    if (point !== told.point) return;
    reached += 1;
    if (reached === told.nth) process.kill(process.pid, 'SIGKILL');
  },
});
log.info({ url: daemon.url }, 'ready');
