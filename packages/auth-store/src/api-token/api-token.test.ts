import { expect, test } from 'vitest';
import { tokenDigest, tokenMatches } from './api-token.ts';

test('the digest is SHA-256', () => {
  // FIPS 180-2 appendix B.1
  expect(tokenDigest('abc')).toBe(
    'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('only the token itself matches', () => {
  const digest = tokenDigest('token-1');
  expect(tokenMatches('token-1', digest)).toBe(true);
  for (const other of ['token-2', 'token-', 'token-1 ', '', digest]) {
    expect(tokenMatches(other, digest)).toBe(false);
  }
});

test('a digest of another length matches nothing', () => {
  expect(tokenMatches('token-1', 'sha256:')).toBe(false);
});
