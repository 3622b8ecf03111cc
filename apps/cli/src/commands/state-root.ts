import { type Command, Option } from 'commander';
import { UsageError } from '../failure.ts';

export interface OfflineFlags {
  readonly offline?: true;
  readonly stateRoot?: string;
}

export function addOfflineOptions(command: Command): Command {
  return command
    .option('--offline', 'work on the state root itself; no daemon may be running on it')
    .addOption(
      new Option('--state-root <dir>', 'the state root, with --offline').env('KHEISH_STATE_ROOT'),
    );
}

/** The root to work on without a daemon; undefined where the daemon is to be asked. */
export function offlineRoot(flags: OfflineFlags, command: Command): string | undefined {
  if (flags.offline !== true) {
    if (command.getOptionValueSource('stateRoot') === 'cli') {
      throw new UsageError('--state-root goes with --offline; a running daemon knows its own root');
    }
    return undefined;
  }
  if (flags.stateRoot === undefined || flags.stateRoot === '') {
    throw new UsageError('--offline needs --state-root DIR or KHEISH_STATE_ROOT');
  }
  return flags.stateRoot;
}
