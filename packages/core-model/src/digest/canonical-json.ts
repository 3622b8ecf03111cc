import canonicalize from 'canonicalize';
import { KheishError } from '../errors/kheish-error.ts';

/** RFC 8785: one byte string per JSON value. Throws `api/bad_request` on what JSON cannot carry. */
export function canonicalJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (error) {
    const detail = `The value has no JSON form: ${(error as Error).message}.`;
    throw new KheishError('api/bad_request', detail, { cause: error });
  }
  if (text === undefined) throw new KheishError('api/bad_request', 'The value has no JSON form.');
  return text;
}
