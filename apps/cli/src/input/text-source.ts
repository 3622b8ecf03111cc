import { text } from 'node:stream/consumers';
import { UsageError } from '../failure.ts';
import { readText } from '../global-options.ts';

/** Where a text comes from; exactly one of them. */
export interface TextSource {
  readonly argument?: string | undefined;
  readonly file?: { readonly flag: string; readonly path: string } | undefined;
  readonly stdin?: boolean | undefined;
}

/** The text as it stands there, byte for byte. `choices` names the possibilities for the error. */
export async function readSource(source: TextSource, choices: string): Promise<string> {
  const { argument, file, stdin } = source;
  const given = [argument !== undefined, file !== undefined, stdin === true].filter(Boolean);
  if (given.length !== 1) throw new UsageError(`give exactly one of ${choices}`);
  if (argument !== undefined) return argument;
  return file === undefined ? text(process.stdin) : readText(file.path, file.flag);
}
