import type { AuditCheckpoint } from '@kheish/client-sdk';
import type { Command } from 'commander';
import { readCheckpoint } from '../audit/checkpoint-file.ts';
import { exportFile } from '../audit/export-file.ts';
import { UsageError } from '../failure.ts';
import { clientOf, integer, onDaemon, printerOf } from '../invocation.ts';
import { takeSigningKeySource } from '../key-sources.ts';
import { addAuditVerify } from './audit-verify.ts';
import { type OfflineFlags, addOfflineOptions, offlineRoot } from './state-root.ts';

const example = `
Examples:
  kheish audit checkpoint > elsewhere/checkpoint.json
  kheish audit export --out audit.jsonl
  kheish audit verify audit.jsonl --checkpoint elsewhere/checkpoint.json
`;

export function addAudit(program: Command): void {
  const audit = program
    .command('audit')
    .description('the signed record of external actions')
    .addHelpText('after', example);
  audit
    .command('status')
    .description('how the record does, and where its key is')
    .action(onDaemon(async ({ client, print }) => print.view(await client.audit.status())));
  audit
    .command('checkpoint')
    .description('sign what the record is now; save it elsewhere')
    .action(onDaemon(async ({ client, print }) => print.view(await client.audit.checkpoint())));
  audit
    .command('prove <action_or_index>')
    .description('show that an entry is in the record; "audit verify" checks what is printed')
    .option('--size <n>', 'in the log as it was with so many entries', integer(1))
    .action(
      onDaemon(async ({ client, print }, entry: string, { size }: { size?: number }) =>
        print.view(await client.audit.prove(entry, { treeSize: size })),
      ),
    );
  addExport(audit);
  addAuditVerify(audit);
  addKeyCommands(audit);
}

interface ExportFlags extends OfflineFlags {
  readonly out: string;
  readonly run?: string;
  readonly checkpoint?: string;
}

function addExport(audit: Command): void {
  addOfflineOptions(
    audit
      .command('export')
      .description('write the record to a file that is verified without a daemon')
      .requiredOption('--out <file>', 'the file to make; - for stdout')
      .option('--run <run>', 'only the entries of this run, each with its proof')
      .option('--checkpoint <file>', 'with --run: prove growth since this saved checkpoint'),
  ).action(async (flags: ExportFlags, command: Command) => {
    if (flags.checkpoint !== undefined && flags.run === undefined) {
      throw new UsageError('--checkpoint goes with --run; a whole export has every entry anyway');
    }
    const saved =
      flags.checkpoint === undefined ? undefined : await readCheckpoint(flags.checkpoint);
    const stateRoot = offlineRoot(flags, command);
    await exportFile(flags.out, (put) =>
      stateRoot === undefined
        ? exportOnline(flags, saved, command, put)
        : exportOffline(flags, saved, stateRoot, put),
    );
  });
}

type Put = (piece: string | Uint8Array) => Promise<void>;

async function exportOnline(
  { run }: ExportFlags,
  saved: AuditCheckpoint | undefined,
  command: Command,
  put: Put,
): Promise<void> {
  const { audit } = await clientOf(command);
  const options = { runId: run, sinceTreeSize: saved?.tree_size };
  for await (const piece of audit.export(options)) await put(piece);
}

async function exportOffline(
  { run }: ExportFlags,
  saved: AuditCheckpoint | undefined,
  stateRoot: string,
  put: Put,
): Promise<void> {
  const { offlineExport } = await import('@kheish/daemon');
  const root = { stateRoot, signingKeySource: takeSigningKeySource() };
  await offlineExport(root, { runId: run, sinceSize: saved?.tree_size }, put);
}

interface KeyFlags extends OfflineFlags {
  readonly to?: string;
  readonly lostKey?: true;
}

function addKeyCommands(audit: Command): void {
  addOfflineOptions(
    audit
      .command('relocate-key')
      .description('move the signing key out of the state root (with --offline)')
      .requiredOption('--to <file>', 'where it is to be; not in the state root'),
  ).action(async (flags: KeyFlags, command: Command) => {
    const stateRoot = restingRoot(flags, command);
    const { offlineRelocateKey } = await import('@kheish/daemon');
    await printerOf(command).view(await offlineRelocateKey(stateRoot, flags.to ?? ''));
  });
  addOfflineOptions(
    audit
      .command('rotate-key')
      .description('go on with a new signing key, announced by the old one (with --offline)')
      .option('--to <file>', 'put the new key there; needed where the old one is not in the root')
      .option('--lost-key', 'the old key is gone: begin anew, with a mark that verifiers show'),
  ).action(async (flags: KeyFlags, command: Command) => {
    const stateRoot = restingRoot(flags, command);
    const { offlineReplaceLostKey, offlineRotateKey } = await import('@kheish/daemon');
    const rotate = flags.lostKey === true ? offlineReplaceLostKey : offlineRotateKey;
    const root = { stateRoot, signingKeySource: takeSigningKeySource() };
    await printerOf(command).view(await rotate(root, flags.to));
  });
}

function restingRoot(flags: OfflineFlags, command: Command): string {
  const stateRoot = offlineRoot(flags, command);
  if (stateRoot !== undefined) return stateRoot;
  throw new UsageError('this needs --offline --state-root DIR: the daemon must not run meanwhile');
}
