import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex, Writable } from 'node:stream';
import { ARGUMENTS_FD, GATE_FD, GO, READY } from './launcher.ts';

export interface GatedSpec {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The descriptor that takes both outputs. */
  readonly output: number;
  /** Given to the child on descriptor 4, each ended by a zero byte. */
  readonly options?: readonly string[];
}

export interface ExitStatus {
  readonly exit_code?: number;
  readonly signal?: NodeJS.Signals;
}

/** A process that leads its own session and group, and waits at the gate. */
export interface GatedProcess {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
  /** Resolves when it waits at the gate; rejects when it cannot be started or ends before. */
  readonly ready: Promise<void>;
  readonly exited: Promise<ExitStatus>;
  open(): void;
  /** Lets go of the gate: who waits at it ends. */
  abandon(): void;
}

export function spawnGated(spec: GatedSpec): GatedProcess {
  const { argv, cwd, environment, output, options } = spec;
  const [file = '', ...rest] = argv;
  const child = spawn(file, rest, {
    cwd,
    env: environment,
    detached: true,
    stdio: ['ignore', output, output, 'pipe', ...(options === undefined ? [] : ['pipe' as const])],
  });
  const gate = child.stdio[GATE_FD] as Duplex;
  // A child that is gone is told by its exit.
  gate.on('error', () => gate.destroy());
  if (options !== undefined) {
    const stream = child.stdio[ARGUMENTS_FD] as Writable;
    stream.on('error', () => stream.destroy());
    stream.end(options.map((option) => `${option}\0`).join(''));
  }
  const exited = exitOf(child);
  const ready = Promise.race([
    readiness(gate),
    exited.then(() => {
      throw new Error('it ended before it was ready');
    }),
  ]);
  return {
    pid: child.pid,
    ready,
    exited,
    open: () => gate.end(GO),
    abandon: () => gate.destroy(),
  };
}

function exitOf(child: ChildProcess): Promise<ExitStatus> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(signal === null ? { exit_code: code ?? 0 } : { signal });
    });
  });
}

/** What comes after it is of no interest, but has to be taken. */
function readiness(gate: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let said = '';
    gate.on('data', (bytes: Buffer) => {
      if (said.length < READY.length) said += bytes.toString('latin1');
      if (said.startsWith(READY)) resolve();
    });
  });
}
