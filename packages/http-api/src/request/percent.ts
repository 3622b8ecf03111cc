import { KheishError } from '@kheish/core-model';

/** Decodes percent-encoding (RFC 3986 section 2.1) once. Throws `api/bad_request`. */
export function percentDecoded(text: string, subject: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new KheishError('api/bad_request', `${subject} is not well percent-encoded.`);
  }
}
