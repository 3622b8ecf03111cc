import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { clientOf, printerOf } from '../invocation.ts';
import { type OfflineFlags, addOfflineOptions, offlineRoot } from './state-root.ts';

export function addStore(program: Command): void {
  const store = program.command('store').description('the database of the state root');
  addOfflineOptions(
    store.command('verify').description('replay the journal and compare it with the tables'),
  )
    .addHelpText('after', '\nExits 1 where the two differ.\n')
    .action(async (flags: OfflineFlags, command: Command) => {
      const found = await verify(flags, command);
      if (!found.ok) process.exitCode = exitCodes.failure;
      await printerOf(command).view(found);
    });
}

async function verify(flags: OfflineFlags, command: Command) {
  const stateRoot = offlineRoot(flags, command);
  if (stateRoot === undefined) return (await clientOf(command)).store.verify();
  const { offlineVerify } = await import('@kheish/daemon');
  return offlineVerify({ stateRoot });
}
