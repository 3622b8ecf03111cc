import { ExternalAction, canonicalJson } from '@kheish/core-model';
import * as v from 'valibot';

/** What an entry says: the action, and the hash of the entry before it in its chain. */
const EntryBody = v.strictObject({
  ...ExternalAction.entries,
  prev_hash: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
});
export type EntryBody = v.InferOutput<typeof EntryBody>;

const fields = Object.keys(EntryBody.entries).toSorted() as (keyof EntryBody)[];

/**
 * Canonical JSON (RFC 8785) of an entry. Its values are texts and numbers only, so that sorted names and the
 * serialisation of ECMAScript are all that there is to it; a property test compares it with `canonicalJson`.
 */
export function entryBody(action: ExternalAction, prevHash: string | undefined): string {
  const body: EntryBody =
    prevHash === undefined ? { ...action } : { ...action, prev_hash: prevHash };
  let text = '';
  for (const field of fields) {
    const value = body[field];
    if (value === undefined) continue;
    if (typeof value === 'string' ? !value.isWellFormed() : !Number.isFinite(value)) {
      return canonicalJson(body);
    }
    text += `${text === '' ? '{' : ','}"${field}":${JSON.stringify(value)}`;
  }
  return `${text}}`;
}

/** Reads an entry; undefined where the text is not the one canonical form of one. */
export function readEntryBody(text: string): EntryBody | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(EntryBody, value, { abortEarly: true });
  if (!parsed.success) return undefined;
  const { prev_hash: prevHash, ...action } = parsed.output;
  try {
    return entryBody(action, prevHash) === text ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}
