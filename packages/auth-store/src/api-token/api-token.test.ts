import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { idFactory } from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newToken, tokenDigest, tokenIdOf, tokenMatches } from './api-token.ts';

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

const clock = {
  now: () => 1_700_000_000_000,
  monotonic: () => 0,
  sleep: () => Promise.resolve(),
};
const bytesOf = (seed: number) => ({
  bytes: (count: number) => new Uint8Array(count).fill(seed),
});

describe('a named token', () => {
  test('has a prefix, its id, 256 bits of chance and a checksum, and tells its id', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(255), (chance, seed) => {
        const id = idFactory(clock, bytesOf(seed))('token');
        const token = newToken(id, { bytes: () => chance });
        expect(token).toMatch(/^kht_[0-9a-f]{32}_[\w-]{43}[0-9a-f]{8}$/);
        expect(token).toContain(Buffer.from(chance).toString('base64url'));
        expect(tokenIdOf(token)).toBe(id);
      }),
    );
  });

  test('with any character changed, lost or more is none', () => {
    const token = newToken(idFactory(clock, bytesOf(7))('token'), bytesOf(9));
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === 'a' ? 'b' : 'a';
      expect(tokenIdOf(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined();
      expect(tokenIdOf(token.slice(0, at) + token.slice(at + 1))).toBeUndefined();
    }
    for (const more of [`${token}a`, ` ${token}`, `${token}\n`, token.toUpperCase(), '']) {
      expect(tokenIdOf(more)).toBeUndefined();
    }
  });
});

test('there is one comparison of tokens, and it takes the same time for all', () => {
  const root = join(import.meta.dirname, '../../../..');
  const sources = ['packages/auth-store/src', 'packages/http-api/src', 'apps/daemon/src'].flatMap(
    (folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !/\.test\.ts$|testing\//.test(name))
        .map((name) => ({
          name: `${folder}/${name}`,
          text: readFileSync(join(root, folder, name), 'utf8'),
        })),
  );
  const having = (pattern: RegExp) =>
    sources.filter(({ text }) => pattern.test(text)).map(({ name }) => name);
  expect(having(/timingSafeEqual\(/)).toEqual(['packages/auth-store/src/api-token/api-token.ts']);
  // Whoever decides by a token has it compared there.
  expect(having(/tokenMatches\(/)).toEqual([
    'packages/auth-store/src/api-token/api-token.ts',
    'packages/auth-store/src/api-token/token-store.ts',
    'apps/daemon/src/access/access-policy.ts',
  ]);
  expect(having(/\b(?:presented|digest)\b *[!=]==(?! *(?:undefined|null|''))/)).toEqual([]);
});
