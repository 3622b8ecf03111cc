import {
  type Daemon,
  type DaemonOptions,
  createDaemon,
  createLog,
  createRedactor,
  parseRoutesFile,
} from '@kheish/daemon';
import type { Sandbox } from './daemon-process.ts';

/** What a daemon in a process of its own is not told from outside. */
export type InProcessOptions = Pick<DaemonOptions, 'callPolicy' | 'clock' | 'limits' | 'reach'> & {
  readonly sandbox: Sandbox;
  /** The text of the routes file. */
  readonly routes: string;
};

/** A daemon in the test's own process, for tests that set its times and limits. */
export async function startInProcess(options: InProcessOptions): Promise<Daemon> {
  const { sandbox: box, routes, ...rest } = options;
  const redactor = createRedactor();
  return createDaemon({
    stateRoot: box.stateRoot,
    workspaceRoot: box.workspaceRoot,
    bind: { host: '127.0.0.1', port: 0 },
    inventory: parseRoutesFile(routes, { file: 'routes.toml', environment: {} }),
    auth: { mode: 'auto' },
    log: await createLog({ format: 'json', level: 'silent', redactor }),
    redactor,
    ...rest,
  });
}
