import type { VerificationReport, VerifyOptions } from '@kheish/daemon';
import type { Command } from 'commander';
import { readCheckpoint } from '../audit/checkpoint-file.ts';
import { describeVerification } from '../audit/verification-text.ts';
import { verifyFile } from '../audit/verify-file.ts';
import { exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { printerOf, repeated } from '../invocation.ts';
import { write } from '../output/printer.ts';
import { type OfflineFlags, addOfflineOptions, offlineRoot } from './state-root.ts';

interface VerifyFlags extends OfflineFlags {
  readonly publicKey?: readonly string[];
  readonly checkpoint?: string;
  readonly portable?: true;
  readonly hashesOnly?: true;
}

const closing = `
FILE is an export, or what "audit prove" or "audit checkpoint" printed. No daemon and no state root is needed.
With --offline --state-root DIR in its place the tables of a root are checked.
Exits 0 where nothing contradicts, 1 where something does; what could not be established is told apart.
`;

export function addAuditVerify(audit: Command): void {
  addOfflineOptions(
    audit
      .command('verify [file]')
      .description('check the record: its chain, its content, and who signed it')
      .option('--public-key <hex>', 'a key that is known to be of this log; repeatable', repeated)
      .option('--checkpoint <file>', 'a checkpoint of this log that was saved elsewhere')
      .option('--portable', 'check signatures by an independent implementation')
      .option('--hashes-only', 'check chains and hashes, and no signatures'),
  )
    .addHelpText('after', closing)
    .action(async (file: string | undefined, flags: VerifyFlags, command: Command) => {
      const options = await optionsOf(flags);
      const stateRoot = offlineRoot(flags, command);
      if ((file === undefined) === (stateRoot === undefined)) {
        throw new UsageError('give either FILE, or --offline --state-root DIR');
      }
      const report =
        file === undefined
          ? await verifyRoot(stateRoot ?? '', options)
          : await verifyFile(file, options);
      if (!report.ok) process.exitCode = exitCodes.failure;
      const print = printerOf(command);
      await (print.form === 'table' ? write(describeVerification(report)) : print.view(report));
    });
}

async function verifyRoot(stateRoot: string, options: VerifyOptions): Promise<VerificationReport> {
  const { offlineVerifyAudit } = await import('@kheish/daemon');
  return offlineVerifyAudit(stateRoot, options);
}

async function optionsOf(flags: VerifyFlags): Promise<VerifyOptions> {
  const { publicKey = [], portable, hashesOnly } = flags;
  if (publicKey.some((key) => !/^[0-9a-f]{64}$/.test(key))) {
    throw new UsageError(
      '--public-key takes 64 lower-case hex digits, as "audit status" shows them',
    );
  }
  if (hashesOnly === true && publicKey.length > 0) {
    throw new UsageError('--public-key needs signatures; leave --hashes-only out');
  }
  return {
    publicKeys: publicKey,
    ...(flags.checkpoint !== undefined && { checkpoint: await readCheckpoint(flags.checkpoint) }),
    ...(portable && { portable }),
    ...(hashesOnly && { hashesOnly }),
  };
}
