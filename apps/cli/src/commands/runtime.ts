import { Argument, type Command } from 'commander';
import { permissionModeOf, permissionModes } from '../input/permission-mode.ts';
import { type ChangeFlags, addChangeOption } from '../input/settings-document.ts';
import { integer, onDaemon } from '../invocation.ts';
import { type ListFlags, addListOptions, printListing } from '../list-options.ts';
import { revisionColumns } from '../output/columns.ts';
import { addAuth } from './runtime-auth.ts';
import { addBudgets, addToolLimits } from './runtime-limits.ts';
import { addPermissions } from './runtime-permissions.ts';
import { addSystemPrompt } from './system-prompt.ts';

const example = `
Examples:
  kheish runtime set-permission-mode accept-edits
  kheish runtime set-system-prompt "Answer in one sentence." --mode append
  kheish runtime budgets get > budgets.json
  kheish runtime budgets set --file budgets.json
  kheish runtime rollback

Every change makes a revision; a run keeps the one with which it began.
`;

export function addRuntime(program: Command): void {
  const runtime = program
    .command('runtime')
    .description('the settings in force; most can be changed while the daemon runs')
    .addHelpText('after', example);
  runtime
    .command('get')
    .description('all settings')
    .action(onDaemon(async ({ client, print }) => print.view(await client.runtime.get())));
  addChangeOption(
    runtime
      .command('set-model <model>')
      .description('the model, or route/model, of runs that name none')
      .option('--provider <route>', 'the route to use'),
  ).action(
    onDaemon(
      async ({ client, print }, model: string, flags: ChangeFlags & { provider?: string }) => {
        const { provider: routeId, expectedRevision } = flags;
        await print.view(await client.runtime.setModel(model, { routeId, expectedRevision }));
      },
    ),
  );
  addChangeOption(
    runtime
      .command('set-permission-mode')
      .description('what becomes of calls that would be asked for, in runs that begin from now on')
      .addArgument(new Argument('<mode>').choices(permissionModes)),
  ).action(
    onDaemon(
      async ({ client, print }, mode: (typeof permissionModes)[number], flags: ChangeFlags) =>
        print.view(await client.runtime.setPermissionMode(permissionModeOf(mode), flags)),
    ),
  );
  addSystemPrompt(runtime);
  addToolLimits(runtime);
  addBudgets(runtime);
  addPermissions(runtime);
  addAuth(runtime);
  addRevisions(runtime);
}

function addRevisions(runtime: Command): void {
  addListOptions(
    runtime.command('revisions').description('every state of the settings, newest first'),
  ).action(
    onDaemon(async ({ client, print }, flags: ListFlags) =>
      printListing(print, flags, (page) => client.runtime.revisions(page), revisionColumns),
    ),
  );
  addChangeOption(
    runtime
      .command('rollback')
      .description('make an earlier revision the newest')
      .option('--target-revision <n>', 'default: the one before', integer(0)),
  ).action(
    onDaemon(async ({ client, print }, flags: ChangeFlags & { targetRevision?: number }) => {
      const { targetRevision, expectedRevision } = flags;
      await print.view(await client.runtime.rollback(targetRevision, { expectedRevision }));
    }),
  );
}
