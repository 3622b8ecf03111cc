import { inlineOrFile, parseObject } from './json-source.ts';

/** A JSON object given inline or as a file; undefined where neither is. */
export function readMetadata(
  json: string | undefined,
  file: string | undefined,
): Record<string, unknown> | undefined {
  const source = inlineOrFile('metadata', json, file);
  return source === undefined ? undefined : parseObject(source, 'the metadata');
}
