import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CrashPoint } from '@kheish/core-model';

const repository = resolve(import.meta.dirname, '../..');

/** The command under test: the launcher that a person starts. */
export const kheish = join(repository, 'bin/kheish');

/** Directories of one test; removed with it. */
export interface Sandbox extends Disposable {
  readonly directory: string;
  readonly stateRoot: string;
  readonly workspaceRoot: string;
  /** Writes a file beside the roots and gives its path. */
  file(name: string, text: string): string;
}

export function sandbox(): Sandbox {
  const directory = mkdtempSync(join(tmpdir(), 'kheish-test-'));
  return {
    directory,
    stateRoot: join(directory, 'state'),
    workspaceRoot: join(directory, 'workspace'),
    file(name, text) {
      const path = join(directory, name);
      writeFileSync(path, text);
      return path;
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

export const scriptedRoutes = `version = 1
[routes.scripted]
driver = "scripted"
`;

/** The variables of this shell without any that the program reads. */
export function cleanEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined &&
        !/^KHEISH_|_API_KEY$|_BASE_URL$|^OPENAI_|^ANTHROPIC_/.test(entry[0]),
    ),
  );
}

export interface DaemonStart {
  readonly sandbox: Sandbox;
  /** A routes file's path; without it the daemon has the scripted route. */
  readonly routesFile?: string;
  readonly args?: readonly string[];
  /** The whole command line, in the place of the usual one. */
  readonly bare?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that starts the program, in the place of this process. */
  readonly under?: readonly string[];
  /** Ends the process by SIGKILL as the boundary is reached for the nth time. */
  readonly crashAt?: { readonly point: CrashPoint; readonly nth: number };
}

/** A daemon in a process of its own. */
export class DaemonProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly url: string;
  readonly #log: { text: string };

  constructor(child: ChildProcess, url: string, log: { text: string }) {
    this.child = child;
    this.url = url;
    this.#log = log;
  }

  get log(): string {
    return this.#log.text;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves with the exit code, or the signal that ended it. */
  async ended(): Promise<number | NodeJS.Signals> {
    if (this.alive) await once(this.child, 'exit');
    return this.child.signalCode ?? this.child.exitCode ?? -1;
  }

  async kill(): Promise<number | NodeJS.Signals> {
    this.child.kill('SIGKILL');
    return this.ended();
  }

  async stop(): Promise<number | NodeJS.Signals> {
    this.child.kill('SIGTERM');
    return this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** A process that may become a daemon, or end before. */
export interface DaemonLaunch {
  readonly child: ChildProcess;
  /** Rejects with the log where the process ends before it is ready. */
  readonly ready: Promise<DaemonProcess>;
}

/** Starts a daemon and waits until it says that it is ready; throws with its log where it ends before. */
export function startDaemon(start: DaemonStart): Promise<DaemonProcess> {
  return launchDaemon(start).ready;
}

/** Starts a daemon without waiting for it. */
export function launchDaemon(start: DaemonStart): DaemonLaunch {
  const { sandbox: box, crashAt } = start;
  const routesFile = start.routesFile ?? box.file('routes.toml', scriptedRoutes);
  const args = ['serve', '--bind', '127.0.0.1:0', '--log-format', 'json'];
  args.push('--state-root', box.stateRoot, '--workspace-root', box.workspaceRoot);
  args.push('--routes-file', routesFile, ...(start.args ?? []));
  const env = { ...cleanEnvironment(), ...start.env };
  const [program = '', ...rest] = [...(start.under ?? []), kheish, ...(start.bare ?? args)];
  const child =
    crashAt === undefined
      ? spawn(program, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] })
      : spawnCrashing(start, routesFile, env);
  const log = { text: '' };
  child.stdout?.resume();
  const ready = new Promise<DaemonProcess>((resolveReady, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      log.text += piece;
      const line = log.text.split('\n').find((text) => text.endsWith('"msg":"ready"}'));
      if (line === undefined) return;
      resolveReady(new DaemonProcess(child, (JSON.parse(line) as { url: string }).url, log));
    });
    child.once('exit', (code, signal) =>
      reject(new Error(`the daemon ended (${signal ?? code}) before it was ready:\n${log.text}`)),
    );
  });
  return { child, ready };
}

/** The same daemon with an ear for the named boundaries, which the launcher does not offer. */
function spawnCrashing(start: DaemonStart, routesFile: string, env: Record<string, string>) {
  const { stateRoot, workspaceRoot } = start.sandbox;
  const told = { stateRoot, workspaceRoot, routesFile, ...start.crashAt };
  const script = join(import.meta.dirname, 'crashing-daemon.ts');
  return spawn(process.execPath, [script, JSON.stringify(told)], {
    env,
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
