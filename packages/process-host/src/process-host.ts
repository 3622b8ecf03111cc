import { isAbsolute } from 'node:path';
import type { Clock, ProcessIdentity } from '@kheish/core-model';
import type { CommandSpec } from './command/command.ts';
import { absoluteEntries } from './command/programs.ts';
import { type Reaped, reap } from './death/reap.ts';
import type { HeldProcess } from './held-process.ts';
import { holdCommand } from './hold-command.ts';
import type { ByteFilter } from './output/drain.ts';
import { PipeSupply } from './output/pipe-supply.ts';
import type { RunningProcess } from './running-process.ts';
import { type Sandbox, type SandboxReport, detectSandbox } from './sandbox/detect-sandbox.ts';

export interface ProcessHostOptions {
  readonly clock: Clock;
  /** Absolute, without symbolic links: the one place that a sandboxed command can write to. */
  readonly workspaceRoot: string;
  /** Absolute paths that no sandboxed command may see. What comes into being later is hidden from later commands. */
  readonly hidden: readonly string[];
  /** Where commands find programs; entries that are not absolute are left out, and none are those of the system. */
  readonly path: string;
  /** For each command: what changes its output before anyone sees it. */
  readonly filter?: () => ByteFilter;
  /** `auto`, the default, uses bubblewrap wherever it works. */
  readonly sandbox?: 'auto' | 'off';
}

/** All child processes of a daemon. */
export interface ProcessHost {
  /** The PATH that commands get. */
  readonly path: string;
  /** How commands are kept apart; looked up when first asked for, by starting a sandbox. */
  sandbox(): Promise<SandboxReport>;
  /**
   * Makes the process of a command, which begins when it is released, and not at all when this process dies before.
   * Fails with `processes/not_started`, and with `processes/hidden_exposed` where a hidden file has a second name.
   */
  hold(spec: CommandSpec): Promise<HeldProcess>;
  /** Kills what an earlier daemon left of the command that it held under this mark. */
  reap(identity: ProcessIdentity, mark: string): Promise<Reaped>;
  /** Stops what runs; nothing can be held any more. */
  close(): Promise<void>;
}

export function createProcessHost(options: ProcessHostOptions): ProcessHost {
  const { clock, workspaceRoot, hidden, filter } = options;
  for (const path of [workspaceRoot, ...hidden]) {
    if (!isAbsolute(path)) throw new Error(`not an absolute path: ${path}`);
  }
  const path = absoluteEntries(options.path);
  const running = new Set<RunningProcess>();
  const onRelease = (started: RunningProcess) => {
    running.add(started);
    void started.exit.then(() => running.delete(started));
  };
  const sandbox = sandboxOf(options);
  const pipes = new PipeSupply();
  const ground = {
    clock,
    path,
    workspaceRoot,
    hidden,
    pipes,
    onRelease,
    ...(filter && { filter }),
  };
  return {
    path,
    sandbox: async () => (await sandbox()).report,
    hold: async (spec) => holdCommand(spec, { ...ground, ...(await sandbox()) }),
    reap: (identity, mark) => reap(identity, mark, clock),
    close: async () => {
      await Promise.all([...running].map((process) => process.stop('shutdown')));
      await pipes.close();
    },
  };
}

/** A sandbox that was found is relied on; that there is none is looked at each time. */
function sandboxOf(options: ProcessHostOptions): () => Promise<Sandbox> {
  let looking: Promise<Sandbox> | undefined;
  return async () => {
    if (options.sandbox === 'off') return { report: { kind: 'none', reason: 'it is turned off' } };
    looking ??= detectSandbox(options.workspaceRoot);
    const found = await looking;
    if (found.report.kind === 'none') looking = undefined;
    return found;
  };
}
