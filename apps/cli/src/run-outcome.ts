import type { Client, RunView } from '@kheish/client-sdk';
import type { Command } from 'commander';
import { exitCodeOfRun } from './exit-codes.ts';
import { UsageError } from './failure.ts';
import { type Invocation, integer } from './invocation.ts';

export interface WaitFlags {
  readonly wait?: true;
  readonly timeoutMs?: number;
}

export const outcomes = `
The exit code tells the outcome: 0 completed, 10 failed, 11 cancelled, 12 interrupted,
13 waits for an approval, 14 waits for an answer, 15 none of these within --timeout-ms (the run goes on).
`;

export function addWaitOptions(command: Command): Command {
  return command
    .option('--wait', 'until the run is over, or waits for a person')
    .option('--timeout-ms <ms>', 'with --wait: at most so long', integer(1));
}

export function checkWaitFlags({ wait, timeoutMs }: WaitFlags): void {
  if (timeoutMs !== undefined && wait !== true) {
    throw new UsageError('--timeout-ms goes with --wait');
  }
}

/** Prints the run as it is, or with `--wait` as it is once it is over or waits for a person. */
export async function printRun(
  { client, print }: Invocation,
  run: RunView,
  { wait, timeoutMs }: WaitFlags,
): Promise<void> {
  return print.view(wait === true ? await outcomeOf(client, run.run_id, timeoutMs) : run);
}

/** The run once it is over or waits for a person; sets the exit code, and says on stderr what is to be done. */
export async function outcomeOf(
  client: Client,
  runId: string,
  timeoutMs: number | undefined,
): Promise<RunView> {
  const run = await client.runs.wait(runId, { timeoutMs, untilBlocked: true });
  const code = exitCodeOfRun(run.status);
  if (code !== 0) process.exitCode = code;
  const advice = adviceOn(run);
  if (advice !== '') process.stderr.write(advice);
  return run;
}

/** How to give the run what it waits for. */
export function adviceOn(run: RunView): string {
  if (run.status === 'waiting_for_approval') {
    const commands = (run.pending_approval_ids ?? []).map(
      (id) =>
        `  kheish approvals show ${id}\n  kheish approvals allow ${run.session_id} ${id} --wait\n`,
    );
    return `Run ${run.run_id} waits for an approval:\n${commands.join('')}`;
  }
  if (run.status === 'waiting_for_user_question') {
    const commands = (run.pending_question_ids ?? []).map(
      (id) =>
        `  kheish questions show ${id}\n  kheish questions answer ${id} --interactive --wait\n`,
    );
    return `Run ${run.run_id} waits for an answer:\n${commands.join('')}`;
  }
  return '';
}
