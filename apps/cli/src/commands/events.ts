import type { EventStreamOptions } from '@kheish/client-sdk';
import type { Command } from 'commander';
import { onDaemon } from '../invocation.ts';

export function addEvents(program: Command): void {
  const events = program.command('events').description('everything that happens');
  events
    .command('stream')
    .aliases(['watch', 'follow'])
    .description('follow all events, across restarts of the daemon')
    .option('--session-id <session>', 'of this session')
    .option('--run-id <run>', 'of this run')
    .option('--cursor <id>', 'begin after this event; 0: at the oldest (default: now)')
    .action(
      onDaemon(async ({ client, print }, flags: EventStreamOptions) => {
        await print.frames(client.events.stream(flags));
      }),
    );
}
