import type { AuthSlotRecord, AuthSlotStatus } from '@kheish/client-sdk';
import { type Command, Option } from 'commander';
import { type SecretFlags, secretProviders, secretRecord } from '../input/secret-record.ts';
import { clientOf, printerOf } from '../invocation.ts';
import { takeMasterKeySource } from '../key-sources.ts';
import { secretColumns } from '../output/columns.ts';
import { write } from '../output/printer.ts';
import { type OfflineFlags, addOfflineOptions, offlineRoot } from './state-root.ts';

const example = `
Examples:
  export KHEISH_AUTH_STORE_MASTER_KEY="$(kheish secrets generate)"
  kheish secrets set openai.prod --offline --state-root .kheish-daemon-data --provider openai --from-env OPENAI_API_KEY
  kheish secrets list
`;

/** What both a running daemon and a state root at rest can do with slots. */
interface Slots {
  list(): Promise<readonly AuthSlotStatus[]>;
  get(ref: string): Promise<AuthSlotStatus>;
  set(record: AuthSlotRecord): Promise<AuthSlotStatus>;
  delete(ref: string): Promise<{ accepted: boolean }>;
}

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
  addOfflineOptions(secrets.command('delete <secret_ref>').description('delete a slot')).action(
    async (ref: string, flags: OfflineFlags, command: Command) =>
      withSlots(flags, command, async (slots) => printerOf(command).view(await slots.delete(ref))),
  );
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
      .option('--project <id>', 'with --provider openai'),
  ).action(async (ref: string, flags: SecretFlags & OfflineFlags, command: Command) => {
    const record = await secretRecord(ref, flags);
    await withSlots(flags, command, async (slots) =>
      printerOf(command).view(await slots.set(record)),
    );
  });
}

async function withSlots(
  flags: OfflineFlags,
  command: Command,
  act: (slots: Slots) => Promise<void>,
): Promise<void> {
  const stateRoot = offlineRoot(flags, command);
  if (stateRoot === undefined) return online(command, act);
  const { offlineSecrets } = await import('@kheish/daemon');
  const slots = await offlineSecrets({ stateRoot, masterKeySource: takeMasterKeySource() });
  try {
    await act({
      list: async () => slots.list(),
      get: async (ref) => slots.get(ref),
      set: (record) => slots.set(record),
      delete: async (ref) => {
        await slots.delete(ref);
        return { accepted: true };
      },
    });
  } finally {
    await slots.close();
  }
}

async function online(command: Command, act: (slots: Slots) => Promise<void>): Promise<void> {
  const { DaemonUnreachable } = await import('@kheish/client-sdk');
  const { secrets } = await clientOf(command);
  try {
    await act({
      list: async () => {
        const slots: AuthSlotStatus[] = [];
        for await (const slot of secrets.list({ limit: 100 })) slots.push(slot);
        return slots;
      },
      get: (ref) => secrets.get(ref),
      set: (record) => secrets.set(record),
      delete: (ref) => secrets.delete(ref),
    });
  } catch (error) {
    if (error instanceof DaemonUnreachable) {
      error.message += '; if it is not running, run this again with --offline --state-root DIR';
    }
    throw error;
  }
}
