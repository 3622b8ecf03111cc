import { UsageError } from '../failure.ts';
import { readText } from '../global-options.ts';
import { type TextSource, readSource } from './text-source.ts';

type JsonObject = Record<string, unknown>;

/** What a text says as JSON; `what` names it for the error. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${what} is not JSON`);
  }
}

export function parseObject(text: string, what: string): JsonObject {
  const value = parseJson(text, what);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${what} is not a JSON object`);
  }
  return value as JsonObject;
}

/** JSON given by `--<name>-json` or by `--<name>-file`; undefined where neither is. */
export function inlineOrFile(
  name: string,
  json: string | undefined,
  file: string | undefined,
): string | undefined {
  if (json !== undefined && file !== undefined) {
    throw new UsageError(`give either --${name}-json or --${name}-file`);
  }
  return file === undefined ? json : readText(file, `--${name}-file`);
}

/** JSON from `--file` or `--stdin`. */
export async function readJson(
  { file, stdin }: { readonly file?: string; readonly stdin?: true },
  choices: string,
): Promise<unknown> {
  const source: TextSource = {
    file: file === undefined ? undefined : { flag: '--file', path: file },
    stdin,
  };
  return parseJson(await readSource(source, choices), file === undefined ? 'stdin' : '--file');
}
