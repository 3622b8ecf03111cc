import type { Command } from 'commander';
import { UsageError } from '../failure.ts';
import { integer } from '../invocation.ts';
import { readJson } from './json-source.ts';

export interface ChangeFlags {
  readonly expectedRevision?: number;
}

export function addChangeOption(command: Command): Command {
  return command.option(
    '--expected-revision <n>',
    'refuse the change where another revision is in force',
    integer(0),
  );
}

export interface DocumentFlags extends ChangeFlags {
  readonly file?: string;
  readonly stdin?: true;
  readonly reset?: true;
}

export function addDocumentOptions(command: Command): Command {
  return addChangeOption(
    command
      .option('--file <path>', 'JSON: the settings, or what `get` printed, edited')
      .option('--stdin', 'the same from stdin')
      .option('--reset', 'as they were before anyone changed them'),
  );
}

/** Settings as JSON. What `get` printed has them under `field`, and brings the revision that is expected. */
export interface SettingsDocument {
  readonly settings: unknown;
  readonly beside: Readonly<Record<string, unknown>>;
  readonly expectedRevision?: number | undefined;
}

/** Undefined: `--reset`. */
export async function readSettings(
  { file, stdin, reset, expectedRevision }: DocumentFlags,
  field: string,
): Promise<SettingsDocument | undefined> {
  const choices = '--file, --stdin and --reset';
  if (reset === true) {
    if (file === undefined && stdin === undefined) return undefined;
    throw new UsageError(`give exactly one of ${choices}`);
  }
  const value = await readJson(
    { ...(file !== undefined && { file }), ...(stdin !== undefined && { stdin }) },
    choices,
  );
  if (typeof value !== 'object' || value === null || !(field in value)) {
    return { settings: value, beside: {}, expectedRevision };
  }
  const { [field]: settings, revision, ...beside } = value as Record<string, unknown>;
  const read = typeof revision === 'number' ? revision : undefined;
  return { settings, beside, expectedRevision: expectedRevision ?? read };
}
