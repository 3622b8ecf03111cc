import type { Command } from 'commander';
import { onDaemon } from '../invocation.ts';

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('which daemon this is, its roots, and how it does')
    .action(onDaemon(async ({ client, print }) => print.view(await client.status())));
  program
    .command('capabilities')
    .description('what the daemon can do')
    .action(onDaemon(async ({ client, print }) => print.view(await client.capabilities())));
}
