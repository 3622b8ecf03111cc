import { UsageError } from '../failure.ts';
import { readText } from '../global-options.ts';

/** A JSON object given inline or as a file; undefined where neither is. */
export function readMetadata(
  json: string | undefined,
  file: string | undefined,
): Record<string, unknown> | undefined {
  if (json !== undefined && file !== undefined) {
    throw new UsageError('give either --metadata-json or --metadata-file');
  }
  const source = file === undefined ? json : readText(file, '--metadata-file');
  if (source === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw new UsageError('the metadata is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError('the metadata is not a JSON object');
  }
  return value as Record<string, unknown>;
}
