import { hash, timingSafeEqual } from 'node:crypto';
import type { Digest, RandomSource } from '@kheish/core-model';

/** What is kept of an API token. Made for each request, so by the platform's own code. */
export function tokenDigest(token: string): Digest {
  return `sha256:${hash('sha256', token, 'hex')}`;
}

/** Whether a presented token is the one of this digest, in a time that does not tell how much of it fits. */
export function tokenMatches(presented: string, expectedDigest: Digest): boolean {
  const given = Buffer.from(tokenDigest(presented));
  const expected = Buffer.from(expectedDigest);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const wellFormed =
  /^(kht_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_[A-Za-z0-9_-]{43})([0-9a-f]{8})$/;

/**
 * A new token of this id: `kht_`, the id's 32 hex digits, `_`, 32 random bytes in base64url, and a checksum by which
 * scanners tell a token from what only looks like one.
 */
export function newToken(tokenId: string, random: RandomSource): string {
  const id = tokenId.replace('token_', '').replaceAll('-', '');
  const body = `kht_${id}_${Buffer.from(random.bytes(32)).toString('base64url')}`;
  return `${body}${checksum(body)}`;
}

/** The id of a token that is whole; whether it is genuine its digest tells. */
export function tokenIdOf(token: string): string | undefined {
  const [, body, ...rest] = wellFormed.exec(token) ?? [];
  if (body === undefined || rest.at(-1) !== checksum(body)) return undefined;
  return `token_${rest.slice(0, 5).join('-')}`;
}

function checksum(body: string): string {
  return tokenDigest(body).slice('sha256:'.length, 'sha256:'.length + 8);
}
