import { type Command, Option } from 'commander';
import { integer, onDaemon } from '../invocation.ts';
import { type ListFlags, addListOptions, printListing } from '../list-options.ts';
import { eventColumns, externalActionColumns, runColumns } from '../output/columns.ts';
import { outcomeOf, outcomes } from '../run-outcome.ts';
import { addPrune } from './prune.ts';

interface RunListFlags extends ListFlags {
  readonly sessionId?: string;
  readonly order?: 'asc' | 'desc';
}

export function addRuns(program: Command): void {
  const runs = program
    .command('runs')
    .alias('run')
    .description('the work on inputs: list, follow, wait, cancel');
  addListOptions(
    runs
      .command('list')
      .description('runs in order of submission')
      .option('--session-id <session>', 'of this session')
      .addOption(new Option('--order <order>', 'oldest or newest first').choices(['asc', 'desc'])),
  ).action(
    onDaemon(async ({ client, print }, flags: RunListFlags) => {
      const { sessionId, order } = flags;
      await printListing(
        print,
        flags,
        (page) => client.runs.list({ ...page, sessionId, order }),
        runColumns,
      );
    }),
  );
  runs
    .command('get <run>')
    .alias('show')
    .description('one run')
    .action(
      onDaemon(async ({ client, print }, id: string) => print.view(await client.runs.get(id))),
    );
  runs
    .command('cancel <run>')
    .description('cancel a run')
    .action(
      onDaemon(async ({ client, print }, id: string) => print.view(await client.runs.cancel(id))),
    );
  addListOptions(runs.command('events <run>').description('the journaled events of a run')).action(
    onDaemon(async ({ client, print }, id: string, flags: ListFlags) =>
      printListing(print, flags, (page) => client.runs.events(id, page), eventColumns),
    ),
  );
  addListOptions(
    runs
      .command('external-actions <run>')
      .description('the signed record of what a run did beyond the daemon'),
  ).action(
    onDaemon(async ({ client, print }, id: string, flags: ListFlags) =>
      printListing(
        print,
        flags,
        (page) => client.runs.externalActions(id, page),
        externalActionColumns,
      ),
    ),
  );
  runs
    .command('stream <run>')
    .aliases(['watch', 'follow'])
    .description('follow a run to its end, across restarts of the daemon')
    .option('--cursor <id>', "begin after this event (default: at the run's beginning)")
    .action(
      onDaemon(async ({ client, print }, id: string, flags: { cursor?: string }) => {
        await print.frames(client.runs.stream(id, flags));
      }),
    );
  addWait(runs);
  addPrune(runs);
}

function addWait(runs: Command): void {
  runs
    .command('wait <run>')
    .description('until the run is over or waits for a person, across restarts of the daemon')
    .option('--timeout-ms <ms>', 'at most so long', integer(1))
    .addHelpText('after', outcomes)
    .action(
      onDaemon(async ({ client, print }, id: string, flags: { timeoutMs?: number }) => {
        await print.view(await outcomeOf(client, id, flags.timeoutMs));
      }),
    );
}
