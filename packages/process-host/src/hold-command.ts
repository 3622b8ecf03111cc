import { closeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Clock, KheishError } from '@kheish/core-model';
import type { CommandSpec } from './command/command.ts';
import { environmentOf } from './command/environment.ts';
import { ARGUMENTS_FD, launcherOf } from './command/launcher.ts';
import { findProgram } from './command/programs.ts';
import { type GatedProcess, type GatedSpec, spawnGated } from './command/spawn-gated.ts';
import type { Cohort } from './death/cohort.ts';
import { bareGroupCohort, groupCohort } from './death/group-cohort.ts';
import { identify } from './death/identity.ts';
import { namespaceCohort } from './death/namespace-cohort.ts';
import { childrenOf } from './death/process-table.ts';
import { type HeldProcess, holdBack } from './held-process.ts';
import { type ByteFilter, Drain } from './output/drain.ts';
import { FileSink } from './output/file-sink.ts';
import type { PipeSupply } from './output/pipe-supply.ts';
import type { RunningProcess } from './running-process.ts';
import { bubblewrapArguments } from './sandbox/bubblewrap.ts';
import { findSecondName, hiddenPlaces } from './sandbox/hidden-places.ts';
import { hostSockets } from './sandbox/host-sockets.ts';

/** What a host has for all its commands. */
export interface Ground {
  readonly clock: Clock;
  readonly path: string;
  readonly workspaceRoot: string;
  readonly hidden: readonly string[];
  readonly pipes: PipeSupply;
  /** bwrap, where there is a sandbox. */
  readonly program?: string;
  readonly filter?: () => ByteFilter;
  readonly onRelease: (running: RunningProcess) => void;
}

type Start = Omit<GatedSpec, 'output'>;

const defaultOutput = { headBytes: 32_768, tailBytes: 32_768 };
/** What fits into the memory that a process that never began may take for its last words. */
const LAST_WORDS_BYTES = 1000;

export async function holdCommand(spec: CommandSpec, ground: Ground): Promise<HeldProcess> {
  const { clock, onRelease } = ground;
  const start = await startOf(spec, ground);
  const sink = spec.sink === undefined ? undefined : await FileSink.open(spec.sink);
  let drain: Drain | undefined;
  let gated: GatedProcess | undefined;
  try {
    const pipe = await ground.pipes.take(programNamed('mkfifo'));
    drain = new Drain(pipe.reader, spec.output ?? defaultOutput, clock, sink, ground.filter?.());
    try {
      gated = spawnGated({ ...start, output: pipe.writer });
    } finally {
      closeSync(pipe.writer);
    }
    await gated.ready;
    const leader = gated.pid ?? 0;
    const identity = identify(leader);
    const cohort = await cohortOf(leader, spec.mark, ground);
    const parts = { process: gated, cohort, drain, sink, clock };
    return holdBack(parts, identity, spec.timeoutMs, onRelease);
  } catch (error) {
    gated?.abandon();
    await drain?.ended;
    const words = drain?.kept().head.subarray(0, LAST_WORDS_BYTES).toString().trim();
    await sink?.close();
    throw new KheishError(
      'processes/not_started',
      `The command could not be started: ${words || (error as Error).message}`,
      { cause: error },
    );
  }
}

/** The program, the directory and the environment that make the command wait in its place. */
async function startOf(spec: CommandSpec, ground: Ground): Promise<Start> {
  const { cwd, mark, network = false, readOnly = false } = spec;
  const { program, path, workspaceRoot } = ground;
  const launcher = launcherOf(programNamed('sh'), spec.argv);
  const base = environmentOf(path, program === undefined ? workspaceRoot : '/tmp', mark);
  const environment = { ...spec.environment, ...base };
  if (program === undefined) {
    await requireDirectory(cwd);
    return { argv: launcher, cwd, environment };
  }
  const hidden = hiddenPlaces(ground.hidden);
  const exposed = await findSecondName(hidden);
  if (exposed !== undefined) {
    throw new KheishError(
      'processes/hidden_exposed',
      `No command is started while ${exposed} has a second name (a hard link), by which it could be read.`,
    );
  }
  const options = bubblewrapArguments({
    workspaceRoot,
    hidden,
    sockets: hostSockets(),
    cwd,
    network,
    readOnly,
    environment,
  });
  // Variables that a caller adds are for the command, not for the program that confines it.
  return {
    argv: [program, '--args', String(ARGUMENTS_FD), '--', ...launcher],
    cwd: '/',
    environment: base,
    options,
  };
}

async function cohortOf(leader: number, mark: string, ground: Ground): Promise<Cohort> {
  const identity = identify(leader);
  if (identity === undefined) return bareGroupCohort(leader);
  if (ground.program === undefined) return groupCohort(identity, mark);
  const [first] = await childrenOf(leader);
  if (first === undefined) throw new Error('the sandbox has no process');
  return namespaceCohort(first);
}

async function requireDirectory(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new KheishError('processes/not_started', `There is no directory ${path}.`);
  }
}

function programNamed(name: string): string {
  const file = findProgram(name);
  if (file === undefined) {
    throw new KheishError('processes/not_started', `There is no program ${name}.`);
  }
  return file;
}
