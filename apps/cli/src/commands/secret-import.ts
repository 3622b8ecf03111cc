import type { Command } from 'commander';
import { readSnapshot } from '../input/secret-snapshot.ts';
import { printerOf } from '../invocation.ts';
import { withSlots } from './secret-slots.ts';
import { type OfflineFlags, addOfflineOptions } from './state-root.ts';

interface ImportFlags extends OfflineFlags {
  readonly replace?: true;
  readonly allowReadable?: true;
}

export function addImport(secrets: Command): void {
  addOfflineOptions(
    secrets
      .command('import <file>')
      .description('write all slots of a snapshot in plain text: {"slots": {ID: slot}}')
      .option('--replace', 'also slots that are there already')
      .option('--allow-readable', 'also from a file that other users can read'),
  ).action(async (path: string, flags: ImportFlags, command: Command) => {
    const { replace = false, allowReadable = false } = flags;
    const { snapshot, contents } = readSnapshot(path, allowReadable);
    await withSlots(flags, command, async (slots) => {
      const report = await slots.import({ ...snapshot, replace });
      await printerOf(command).view(report);
      process.stderr.write(
        `${path} had ${contents}. It still holds them in plain text: remove it (shred -u ${path}), ` +
          'and where the file system keeps old blocks or snapshots, exchange the secrets themselves.\n',
      );
    });
  });
}
