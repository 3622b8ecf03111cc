import { timingSafeEqual } from 'node:crypto';
import { digestOfText, type Digest } from '@kheish/core-model';

/** What is kept of an API token. */
export function tokenDigest(token: string): Digest {
  return digestOfText(token);
}

/** Whether a presented token is the one of this digest, in a time that does not tell how much of it fits. */
export function tokenMatches(presented: string, expectedDigest: Digest): boolean {
  const given = Buffer.from(tokenDigest(presented));
  const expected = Buffer.from(expectedDigest);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
