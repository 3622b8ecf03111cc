import type { TaskOutputView, TaskStatus } from '@kheish/client-sdk';
import { type Command, Option } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { type Invocation, integer, onDaemon } from '../invocation.ts';
import { type ListFlags, addListOptions, printListing } from '../list-options.ts';
import { taskColumns } from '../output/columns.ts';
import { plainText } from '../output/plain-text.ts';
import { write } from '../output/printer.ts';

const statuses = ['pending', 'in-progress', 'blocked', 'completed', 'failed', 'cancelled'];

const outcomes = `
With --wait the exit code tells the outcome: 0 completed, 10 failed, 11 cancelled, 15 not over within --timeout-ms.
Positions are bytes from the first that was printed; next_offset goes on where the answer ends.
`;

export function addTasks(program: Command): void {
  const tasks = program
    .command('tasks')
    .alias('task')
    .description('what a session has to do, and what runs for it in the background');
  addListOptions(
    tasks
      .command('list <session>')
      .description('tasks in order of creation')
      .addOption(new Option('--status <status>', 'only those').choices(statuses)),
  ).action(
    onDaemon(async ({ client, print }, session: string, flags: ListFlags & { status?: string }) => {
      const status = flags.status?.replace('-', '_') as TaskStatus | undefined;
      await printListing(
        print,
        flags,
        (page) => client.tasks.list(session, { ...page, status }),
        taskColumns,
      );
    }),
  );
  tasks
    .command('get <session> <task>')
    .alias('show')
    .description('one task')
    .action(
      onDaemon(async ({ client, print }, session: string, task: string) =>
        print.view(await client.tasks.get(session, task)),
      ),
    );
  addOutput(tasks);
  tasks
    .command('stop <session> <task>')
    .description('cancel a task; all processes of a command are ended')
    .option('--reason <text>', 'kept in the journal')
    .option('--idempotency-key <key>', 'the same key acts once')
    .action(
      onDaemon(async ({ client, print }, session: string, task: string, flags: StopFlags) => {
        const { reason, idempotencyKey } = flags;
        const body = { ...(reason !== undefined && { reason }) };
        await print.view(await client.tasks.stop(session, task, body, { idempotencyKey }));
      }),
    );
}

interface StopFlags {
  readonly reason?: string;
  readonly idempotencyKey?: string;
}

interface OutputFlags {
  readonly wait?: true;
  readonly timeoutMs?: number;
  readonly tailBytes?: number;
  readonly full?: true;
  readonly offset?: number;
}

function addOutput(tasks: Command): void {
  tasks
    .command('output <session> <task>')
    .description('what a task printed, also while it runs; by default its end')
    .option('--wait', 'until the task is over')
    .option('--timeout-ms <ms>', 'with --wait: at most so long (default: 30000)', integer(0))
    .option('--tail-bytes <n>', 'so many of the last bytes (default: 32768)', integer(1))
    .option('--full', 'all that is kept')
    .option('--offset <position>', 'from this position on', integer(0))
    .addHelpText('after', outcomes)
    .action(onDaemon(printOutput));
}

async function printOutput(
  { client, print }: Invocation,
  session: string,
  task: string,
  flags: OutputFlags,
): Promise<void> {
  const { wait, timeoutMs, tailBytes, full, offset } = flags;
  if (timeoutMs !== undefined && wait !== true) {
    throw new UsageError('--timeout-ms goes with --wait');
  }
  const output = await client.tasks.output(session, task, {
    tailBytes,
    full,
    offset,
    ...(wait === true && { waitMs: timeoutMs ?? 30_000 }),
  });
  if (print.form === 'table') await write(plainText(output.output_text));
  else await print.view(output);
  if (wait === true) process.exitCode = exitCodeOf(output);
}

function exitCodeOf({ retrieval_status: status, task }: TaskOutputView): number {
  if (status !== 'success') return exitCodes.waitTimedOut;
  if (task.status === 'cancelled') return exitCodes.runCancelled;
  return task.status === 'failed' ? exitCodes.runFailed : exitCodes.done;
}
