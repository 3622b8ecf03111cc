import type { Command } from 'commander';
import { UsageError } from '../failure.ts';
import { installKeyFile, requireInstallable, settleKeyFile } from '../input/key-file.ts';
import { readSource } from '../input/text-source.ts';
import { printerOf } from '../invocation.ts';
import { withSlots } from './secret-slots.ts';
import { type OfflineFlags, addOfflineOptions } from './state-root.ts';

const help = `
The new key is kept where it came from: have it on disk before this. A kill at any moment leaves all slots under one
key, and the next start says which. With --install-as the old key file is exchanged after all slots are sealed anew,
and stays beside it as FILE.<its key id>.

Example:
  kheish secrets generate > new.key && chmod 600 new.key
  kheish secrets rekey --new-key-file new.key --install-as /etc/kheish/master.key
`;

interface RekeyFlags extends OfflineFlags {
  readonly newKeyFile?: string;
  readonly newKeyEnv?: string;
  readonly stdin?: true;
  readonly installAs?: string;
}

export function addRekey(secrets: Command): void {
  addOfflineOptions(
    secrets
      .command('rekey')
      .description('seal every slot under another master key')
      .option('--new-key-file <path>', 'the file that holds the new key')
      .option('--new-key-env <name>', 'the variable that holds it')
      .option('--stdin', 'read it from stdin')
      .option('--install-as <path>', 'then put the new key file in the place of this one')
      .addHelpText('after', help),
  ).action(async (flags: RekeyFlags, command: Command) => {
    const { newKeyFile, installAs } = flags;
    const key = await newKey(flags);
    if (newKeyFile !== undefined) settleKeyFile(newKeyFile);
    if (installAs !== undefined) {
      if (newKeyFile === undefined) throw new UsageError('--install-as goes with --new-key-file');
      requireInstallable(newKeyFile, installAs);
    }
    await withSlots(flags, command, async (slots) => {
      const report = await slots.rekey(key);
      await printerOf(command).view(report);
      if (newKeyFile !== undefined && installAs !== undefined) {
        install(newKeyFile, installAs, report.old_key_id);
      }
    });
  });
}

/** The slots need the new key by now, whatever becomes of the files. */
function install(newKeyFile: string, place: string, oldKeyId: string): void {
  try {
    installKeyFile(newKeyFile, place, oldKeyId);
  } catch (error) {
    throw new Error(
      `All slots are under the new key, but ${newKeyFile} could not be put in the place of ${place}: ${(error as Error).message}. Do that by hand before the next start.`,
      { cause: error },
    );
  }
}

async function newKey({ newKeyFile, newKeyEnv, stdin }: RekeyFlags): Promise<string> {
  const argument = newKeyEnv === undefined ? undefined : process.env[newKeyEnv];
  if (newKeyEnv !== undefined && argument === undefined) {
    throw new UsageError(`--new-key-env: ${newKeyEnv} is not set`);
  }
  const file = newKeyFile === undefined ? undefined : { flag: '--new-key-file', path: newKeyFile };
  const choices = '--new-key-file, --new-key-env and --stdin';
  return (await readSource({ argument, file, stdin }, choices)).trim();
}
