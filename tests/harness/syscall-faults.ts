import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { notRun } from '@kheish/testkit';
import { within } from './until.ts';

/** A system call that fails instead of being carried out. */
export interface SyscallFault {
  /** Names of system calls, with commas between them. */
  readonly calls: string;
  readonly error: 'ENOSPC' | 'EIO' | 'EROFS' | 'EDQUOT';
  /** Which of the calls fail, from 1; those of one thread are counted. */
  readonly nth: number;
  /** All from the nth on fail, until the fault is lifted. */
  readonly lasting?: boolean;
}

/** All by which bytes come to the disk, or names into a directory. */
export const WRITES = 'pwrite64';
export const SYNCS = 'fsync,fdatasync';
export const FILES = 'ftruncate,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat';

let nextTrace = 0;

function straceArgs(fault: SyscallFault, trace: string): string[] {
  const when = `${fault.nth}${fault.lasting === true ? '+' : ''}`;
  const inject = `inject=${fault.calls}:error=${fault.error}:when=${when}`;
  return ['-f', '-o', trace, '-e', `trace=${fault.calls}`, '-e', inject];
}

const newTrace = () => join(tmpdir(), `kheish-trace-${process.pid}-${(nextTrace += 1)}`);

function injectedIn(trace: string): string[] {
  return readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('(INJECTED)'));
}

/** Ends the test as not run where this machine does not let one process trace another. */
export function needStrace(): void {
  const { error, status, stderr } = spawnSync('strace', ['-o', '/dev/null', 'true'], {
    encoding: 'utf8',
  });
  if (error !== undefined) notRun(`strace cannot be run: ${error.message}`);
  if (status !== 0) notRun(`strace cannot trace here: ${stderr.trim()}`);
}

/** A fault that a running process suffers until it is lifted. */
export class Injection {
  readonly #strace: ChildProcess;
  readonly #trace: string;

  private constructor(strace: ChildProcess, trace: string) {
    this.#strace = strace;
    this.#trace = trace;
  }

  /** Resolves when the process suffers it. */
  static async into(pid: number, fault: SyscallFault): Promise<Injection> {
    const trace = newTrace();
    const strace = spawn('strace', [...straceArgs(fault, trace), '-p', String(pid)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    const attached = new Promise<void>((resolve, reject) => {
      strace.stderr.setEncoding('utf8').on('data', (piece: string) => {
        said += piece;
        if (said.includes(' attached')) resolve();
      });
      strace.once('exit', () => reject(new Error(`strace ended: ${said}`)));
    });
    await within('strace', attached);
    return new Injection(strace, trace);
  }

  /** The calls that failed so far, as strace shows them. */
  get injected(): readonly string[] {
    return injectedIn(this.#trace);
  }

  /** Gives the calls that failed. */
  async lift(): Promise<readonly string[]> {
    if (this.#strace.exitCode === null && this.#strace.signalCode === null) {
      const ended = once(this.#strace, 'exit');
      this.#strace.kill('SIGINT');
      await within('the end of strace', ended);
    }
    const { injected } = this;
    rmSync(this.#trace);
    return injected;
  }
}

/** How to start a program that suffers a fault from its first instruction on. */
export function faulted(fault: SyscallFault): {
  readonly command: readonly string[];
  injected(): readonly string[];
} {
  const trace = newTrace();
  return {
    command: ['strace', '--seccomp-bpf', ...straceArgs(fault, trace)],
    injected: () => {
      const injected = injectedIn(trace);
      rmSync(trace);
      return injected;
    },
  };
}
