import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { clientOf, printerOf } from '../invocation.ts';
import { type ListFlags, addListOptions, printListing } from '../list-options.ts';
import { backupColumns } from '../output/columns.ts';
import { type OfflineFlags, addOfflineOptions, offlineRoot } from './state-root.ts';

interface CreateFlags extends OfflineFlags {
  readonly to?: string;
  readonly withoutSigningKey?: true;
  readonly wait: boolean;
}

interface PlaceFlags {
  readonly backupDir?: string;
}

const example = `
Examples:
  kheish serve --state-root data --backup-dir /var/backups/kheish
  kheish backup create
  kheish backup create --offline --state-root data --to /var/backups/kheish
  kheish backup verify /var/backups/kheish/backup_0197f2c1-...
  kheish backup restore /var/backups/kheish/backup_0197f2c1-... --state-root restored
`;

export function addBackup(program: Command): void {
  const backup = program
    .command('backup')
    .description('whole copies of the state root: make, list, verify, restore')
    .addHelpText('after', example);
  addCreate(backup);
  addListOptions(
    withPlace(
      backup
        .command('list')
        .description('backups, oldest first')
        .option('--offline', 'of --backup-dir, without a daemon'),
    ),
  ).action(list);
  withPlace(
    backup
      .command('verify <backup>')
      .description('check every file of a backup, its database and its journal; needs no daemon'),
  )
    .addHelpText('after', '\nExits 1 where it is not what was written. Changes nothing.\n')
    .action(async (name: string, flags: PlaceFlags, command: Command) => {
      const { verifyBackupAt } = await import('@kheish/daemon');
      const found = await verifyBackupAt(placeOf(name, flags));
      if (!found.ok) process.exitCode = exitCodes.failure;
      await printerOf(command).view(found);
    });
  withPlace(
    backup
      .command('restore <backup>')
      .description('make a new state root of a backup, verified before it gets its name')
      .requiredOption('--state-root <dir>', 'the new root; not there yet, or empty'),
  ).action(async (name: string, flags: PlaceFlags & { stateRoot: string }, command: Command) => {
    const { restore } = await import('@kheish/daemon');
    await printerOf(command).view(
      await restore({ backup: placeOf(name, flags), stateRoot: flags.stateRoot }),
    );
  });
}

function addCreate(backup: Command): void {
  addOfflineOptions(
    backup
      .command('create')
      .description("copy the state root, while it is in use, into the daemon's --backup-dir")
      .addOption(
        new Option('--to <dir>', 'with --offline: where to put it').env('KHEISH_BACKUP_DIR'),
      )
      .option(
        '--without-signing-key',
        'leave audit-signing.key out: a restored daemon then needs it from elsewhere',
      )
      .option('--no-wait', 'do not wait until it is complete'),
  ).action(async (flags: CreateFlags, command: Command) => {
    const view = await create(flags, command);
    if (view.state === 'failed') process.exitCode = exitCodes.failure;
    await printerOf(command).view(view);
  });
}

async function create(flags: CreateFlags, command: Command) {
  const stateRoot = offlineRoot(flags, command);
  const withoutSigningKey = flags.withoutSigningKey === true;
  if (stateRoot === undefined) {
    if (command.getOptionValueSource('to') === 'cli') {
      throw new UsageError('--to goes with --offline; a daemon writes to its own --backup-dir');
    }
    const { backups } = await clientOf(command);
    const begun = await backups.create({ without_signing_key: withoutSigningKey });
    return flags.wait ? backups.wait(begun.backup_id) : begun;
  }
  if (flags.to === undefined || flags.to === '') {
    throw new UsageError('--offline needs --to DIR or KHEISH_BACKUP_DIR');
  }
  const { offlineBackup } = await import('@kheish/daemon');
  return offlineBackup({ stateRoot, directory: flags.to, withoutSigningKey });
}

async function list(
  flags: PlaceFlags & ListFlags & { readonly offline?: true },
  command: Command,
): Promise<void> {
  const print = printerOf(command);
  if (flags.offline !== true) {
    const { backups } = await clientOf(command);
    return printListing(print, flags, (page) => backups.list(page), backupColumns);
  }
  if (flags.backupDir === undefined || flags.backupDir === '') {
    throw new UsageError('--offline needs --backup-dir DIR or KHEISH_BACKUP_DIR');
  }
  const { offlineBackups } = await import('@kheish/daemon');
  return print.list(offlineBackups(flags.backupDir), backupColumns);
}

function withPlace(command: Command): Command {
  return command.addOption(
    new Option('--backup-dir <dir>', 'where backups are named by their ids').env(
      'KHEISH_BACKUP_DIR',
    ),
  );
}

/** A path, or the id of a backup in the backup directory. */
function placeOf(name: string, { backupDir }: PlaceFlags): string {
  const isId = /^backup_[\w-]+$/.test(name);
  return isId && backupDir !== undefined && backupDir !== '' ? join(backupDir, name) : name;
}
