import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@kheish/core-model';
import { notRun } from '@kheish/testkit';
import type { CommandSpec } from '../command/command.ts';
import { livingProcess } from '../death/process-table.ts';
import type { HeldProcess } from '../held-process.ts';
import type { ByteFilter } from '../output/drain.ts';
import { type ProcessHost, createProcessHost } from '../process-host.ts';
import type { ExitReport, RunningProcess } from '../running-process.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

export const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

let marks = 0;

/** A mark that no other test has. */
export function newMark(): string {
  marks += 1;
  return `act_test_${process.pid}_${marks}`;
}

/** A directory that the sandbox does not empty, so that what it hides would be seen otherwise. */
function kept(): string {
  const place = [homedir(), process.cwd(), '/var/lib', '/opt'].find(
    (each) => !/^\/(tmp|var\/tmp|run)\//.test(`${each}/`) && isWritable(each),
  );
  return place ?? notRun('every directory that can be written to is one that the sandbox empties');
}

function isWritable(place: string): boolean {
  try {
    accessSync(place, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** A host over a workspace of its own, with room beside it for what is hidden. */
export class Hosted implements AsyncDisposable {
  readonly base: string;
  readonly workspaceRoot: string;
  readonly host: ProcessHost;

  private constructor(
    base: string,
    sandbox: 'auto' | 'off',
    hidden: readonly string[],
    filter?: () => ByteFilter,
  ) {
    this.base = base;
    this.workspaceRoot = join(base, 'work');
    this.host = createProcessHost({
      clock: realClock,
      workspaceRoot: this.workspaceRoot,
      hidden: hidden.map((name) => join(base, name)),
      path,
      sandbox,
      ...(filter && { filter }),
    });
  }

  /** `hidden` and the names of `files` are relative to `base`, where the workspace is `work`. */
  static async create(
    sandbox: 'auto' | 'off',
    files: Readonly<Record<string, string>> = {},
    hidden: readonly string[] = [],
    filter?: () => ByteFilter,
  ): Promise<Hosted> {
    const place = sandbox === 'auto' ? kept() : tmpdir();
    const base = await realpath(await mkdtemp(join(place, 'kheish-process-host-')));
    const hosted = new Hosted(base, sandbox, hidden, filter);
    await mkdir(hosted.workspaceRoot);
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(base, name)), { recursive: true });
      await writeFile(join(base, name), content);
    }
    if (sandbox === 'auto') {
      const report = await hosted.host.sandbox();
      if (report.kind === 'none') {
        await hosted[Symbol.asyncDispose]();
        notRun(`there is no sandbox here: ${report.reason}`);
      }
    }
    return hosted;
  }

  at(name: string): string {
    return join(this.workspaceRoot, name);
  }

  hold(line: string, more: Partial<CommandSpec> = {}): Promise<HeldProcess> {
    return this.host.hold({
      argv: ['/bin/sh', '-c', line],
      cwd: this.workspaceRoot,
      mark: newMark(),
      ...more,
    });
  }

  async start(line: string, more: Partial<CommandSpec> = {}): Promise<RunningProcess> {
    return (await this.hold(line, more)).release();
  }

  async run(line: string, more: Partial<CommandSpec> = {}): Promise<ExitReport> {
    return (await this.start(line, more)).exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.close();
    await rm(this.base, { recursive: true });
  }
}

/** All of the output, where nothing was left out. */
export function textOf({ output }: Pick<ExitReport, 'output'>): string {
  return Buffer.concat([output.head, output.tail]).toString();
}

/** Waits until the command has printed the text. */
export async function printed(running: RunningProcess, text: string): Promise<void> {
  while (!textOf({ output: running.output() }).includes(text)) await sleep(5);
}

export const lives = (pid: number): boolean => livingProcess(pid) !== undefined;

/** For `expect.poll`: as long as a busy machine may need. */
export const patience = { timeout: 25_000, interval: 20 };
