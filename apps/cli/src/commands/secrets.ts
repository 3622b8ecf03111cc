import { type Command, Option } from 'commander';
import { type SecretFlags, secretProviders, secretRecord } from '../input/secret-record.ts';
import { printerOf } from '../invocation.ts';
import { secretColumns } from '../output/columns.ts';
import { write } from '../output/printer.ts';
import { addImport } from './secret-import.ts';
import { addRekey } from './secret-rekey.ts';
import { withSlots } from './secret-slots.ts';
import { type OfflineFlags, addOfflineOptions } from './state-root.ts';

const example = `
Examples:
  export KHEISH_AUTH_STORE_MASTER_KEY="$(kheish secrets generate)"
  kheish secrets set openai.prod --offline --state-root .kheish-daemon-data --provider openai --from-env OPENAI_API_KEY
  kheish secrets list
`;

export function addSecrets(program: Command): void {
  const secrets = program
    .command('secrets')
    .alias('secret')
    .description('secret slots: written, never read back')
    .addHelpText('after', example);
  secrets
    .command('generate')
    .description('print a new master key for KHEISH_AUTH_STORE_MASTER_KEY')
    .action(async () => {
      const { generateMasterKey } = await import('@kheish/daemon');
      await write(`${generateMasterKey()}\n`);
    });
  addSet(secrets);
  addOfflineOptions(secrets.command('list').description('all slots, without values')).action(
    async (flags: OfflineFlags, command: Command) =>
      withSlots(flags, command, async (slots) =>
        printerOf(command).list(await slots.list(), secretColumns),
      ),
  );
  addOfflineOptions(
    secrets.command('get <secret_ref>').description('one slot, without its value'),
  ).action(async (ref: string, flags: OfflineFlags, command: Command) =>
    withSlots(flags, command, async (slots) => printerOf(command).view(await slots.get(ref))),
  );
  addOfflineOptions(
    secrets
      .command('delete <secret_ref>')
      .description('delete a slot')
      .option('--force', 'also one that a route of the running daemon uses'),
  ).action(async (ref: string, flags: OfflineFlags & { force?: true }, command: Command) =>
    withSlots(flags, command, async (slots) =>
      printerOf(command).view(await slots.delete(ref, flags.force === true)),
    ),
  );
  addRekey(secrets);
  addImport(secrets);
}

function addSet(secrets: Command): void {
  addOfflineOptions(
    secrets
      .command('set <secret_ref>')
      .description('write or replace a slot')
      .addOption(
        new Option('--provider <name>', 'whose secret it is')
          .choices(secretProviders)
          .makeOptionMandatory(),
      )
      .option('--value <secret>', 'the secret itself; other users may see it')
      .option('--from-env <name>', 'the variable that holds it')
      .option('--from-file <path>', 'the file that holds it')
      .option('--stdin', 'read it from stdin')
      .option('--organization <id>', 'with --provider openai')
      .option('--project <id>', 'with --provider openai')
      .option(
        '--expires-at <time>',
        'when its provider takes it no more: 2026-12-31, with a time, or Unix ms',
      ),
  ).action(async (ref: string, flags: SecretFlags & OfflineFlags, command: Command) => {
    const record = await secretRecord(ref, flags);
    await withSlots(flags, command, async (slots) =>
      printerOf(command).view(await slots.set(record)),
    );
  });
}
