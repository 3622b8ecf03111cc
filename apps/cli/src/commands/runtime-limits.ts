import type { Budgets, ToolRuntimeLimits } from '@kheish/client-sdk';
import type { Command } from 'commander';
import {
  type DocumentFlags,
  addDocumentOptions,
  readSettings,
} from '../input/settings-document.ts';
import { onDaemon } from '../invocation.ts';

export function addToolLimits(runtime: Command): void {
  const limits = runtime.command('tool-limits').description('how far tool calls may go');
  limits
    .command('get')
    .description('the limits in force')
    .action(
      onDaemon(async ({ client, print }) => print.view(await client.runtime.toolLimits.get())),
    );
  addDocumentOptions(
    limits.command('set').description('limits that are left out keep their value'),
  ).action(
    onDaemon(async ({ client, print }, flags: DocumentFlags) => {
      const { initialToolLimits } = await import('@kheish/client-sdk');
      const { settings = initialToolLimits, expectedRevision = flags.expectedRevision } =
        (await readSettings(flags, 'limits')) ?? {};
      await print.view(
        await client.runtime.toolLimits.set(settings as Partial<ToolRuntimeLimits>, {
          expectedRevision,
        }),
      );
    }),
  );
}

export function addBudgets(runtime: Command): void {
  const budgets = runtime
    .command('budgets')
    .description('what a run, a session and a UTC day may spend');
  budgets
    .command('get')
    .description('the budgets in force')
    .action(onDaemon(async ({ client, print }) => print.view(await client.runtime.budgets.get())));
  addDocumentOptions(
    budgets.command('set').description('all budgets; one that is left out is without limit'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  echo \'{"run": {"max_tokens": 200000}, "day": {"max_cost_usd": 20}}\' | kheish runtime budgets set --stdin\n',
    )
    .action(
      onDaemon(async ({ client, print }, flags: DocumentFlags) => {
        const { settings = {}, expectedRevision = flags.expectedRevision } =
          (await readSettings(flags, 'budgets')) ?? {};
        await print.view(
          await client.runtime.budgets.set(settings as Budgets, { expectedRevision }),
        );
      }),
    );
}
