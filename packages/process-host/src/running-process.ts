import type { Clock } from '@kheish/core-model';
import type { ExitStatus, GatedProcess } from './command/spawn-gated.ts';
import type { Cohort } from './death/cohort.ts';
import { type Death, endCohort } from './death/end-cohort.ts';
import type { Drain } from './output/drain.ts';
import type { FileSink, SinkReport } from './output/file-sink.ts';
import type { KeptOutput } from './output/head-and-tail.ts';

/** What became of a command. One of `exit_code` and `signal` is there, unless its end was not seen. */
export interface ExitReport extends ExitStatus, Death {
  /** Why it was stopped; absent where it ended by itself. */
  readonly stopped?: string;
  readonly output: KeptOutput;
  readonly sink?: SinkReport;
}

export interface RunningProcess {
  /** Resolves when all that the command brought into being is dead, or cannot be proven to be. Never rejects. */
  readonly exit: Promise<ExitReport>;
  /** What has been printed so far. */
  output(): KeptOutput;
  /** TERM to all, two seconds, KILL. Resolves as `exit` does; the reason of the first call counts. */
  stop(reason: string): Promise<ExitReport>;
}

/** What the command is made of, once it exists. */
export interface ProcessParts {
  readonly process: GatedProcess;
  readonly cohort: Cohort;
  readonly drain: Drain;
  readonly sink: FileSink | undefined;
  readonly clock: Clock;
}

const GRACE_MS = 2000;
/** For what follows from a death: the notice of it, and the end of the output. */
const AFTERMATH_MS = 2000;

/** Watches over a command from its release to the proof of its death. */
export function oversee(parts: ProcessParts, timeoutMs: number | undefined): RunningProcess {
  const { clock, drain } = parts;
  const stopping = Promise.withResolvers<string>();
  const over = new AbortController();
  if (timeoutMs !== undefined) {
    clock.sleep(timeoutMs, over.signal).then(
      () => stopping.resolve('timeout'),
      () => undefined,
    );
  }
  const exit = reportOf(parts, stopping.promise).finally(() => over.abort());
  return {
    exit,
    output: () => drain.kept(),
    stop: (reason) => {
      stopping.resolve(reason);
      return exit;
    },
  };
}

async function reportOf(parts: ProcessParts, stopping: Promise<string>): Promise<ExitReport> {
  const { process, cohort, drain, sink, clock } = parts;
  const stopped = await Promise.race([process.exited.then(() => undefined), stopping]);
  // What a command leaves behind when it ends is over with it.
  const death = await endCohort(cohort, clock, stopped === undefined ? 0 : GRACE_MS);
  const status = await within(process.exited, AFTERMATH_MS, clock);
  const closed = await within(
    drain.ended.then(() => true),
    AFTERMATH_MS,
    clock,
  );
  await drain.close();
  await sink?.close();
  // Who still has the pipe open has got away unseen.
  const proof =
    status !== undefined && closed === true ? death : { ...death, death: 'unproven' as const };
  return {
    ...status,
    ...proof,
    ...(stopped !== undefined && { stopped }),
    output: drain.kept(),
    ...(sink !== undefined && { sink: sink.report }),
  };
}

async function within<T>(promise: Promise<T>, ms: number, clock: Clock): Promise<T | undefined> {
  const over = new AbortController();
  const bound = clock.sleep(ms, over.signal).catch(() => undefined);
  try {
    return (await Promise.race([promise, bound])) as T | undefined;
  } finally {
    over.abort();
  }
}
