import canonicalize from 'canonicalize';
import { KheishError } from '../errors/kheish-error.ts';

/** RFC 8785: one byte string per JSON value. Throws `api/bad_request` on what JSON cannot carry. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new KheishError('api/bad_request', 'The value has no JSON form.');
  return text;
}
