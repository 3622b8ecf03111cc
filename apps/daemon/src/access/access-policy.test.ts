import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiRole } from '@kheish/core-model';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AccessOptions, accessPolicy, isLoopback } from './access-policy.ts';

type Named = AccessOptions['named'];

/** Named tokens of these roles that are active; `ever`: there were some that are not any more. */
function namedTokens(roles: readonly ApiRole[], ever = roles.length > 0): Named {
  return {
    any: () => ever,
    active: () => new Map(roles.map((role) => [role, 1])),
    holderOf: (presented) => {
      const role = roles.find((known) => presented === `named-${known}-token`);
      return role && { role, tokenId: `token_${role}` };
    },
  };
}
const nobody = namedTokens([]);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kheish-access-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const hide = () => undefined;
const admin = { value: 'admin-token' };
const readonly = { value: 'reader-token' };
const tokens = { none: {}, admin: { admin }, reader: { readonly }, both: { admin, readonly } };

function outcome(options: Omit<AccessOptions, 'hide' | 'named'>, named = nobody): string {
  try {
    return accessPolicy({ ...options, hide, named }).enabled ? 'locked' : 'open';
  } catch (error) {
    expect(error).toMatchObject({ code: 'config/invalid_configuration' });
    return 'refused';
  }
}

describe('which combinations may serve', () => {
  const matrix: [AccessOptions['mode'], keyof typeof tokens, local: string, open: string][] = [
    ['auto', 'none', 'open', 'refused'],
    ['auto', 'admin', 'locked', 'locked'],
    ['auto', 'reader', 'refused', 'refused'],
    ['auto', 'both', 'locked', 'locked'],
    ['bearer', 'none', 'refused', 'refused'],
    ['bearer', 'admin', 'locked', 'locked'],
    ['bearer', 'reader', 'refused', 'refused'],
    ['bearer', 'both', 'locked', 'locked'],
    ['none', 'none', 'open', 'refused'],
    ['none', 'admin', 'open', 'refused'],
    ['none', 'reader', 'open', 'refused'],
    ['none', 'both', 'open', 'refused'],
  ];

  test.each(matrix)('mode %s with tokens: %s', (mode, given, local, beyond) => {
    for (const bindHost of ['127.0.0.1', 'localhost', '[::1]']) {
      expect(outcome({ mode, bindHost, ...tokens[given] })).toBe(local);
    }
    for (const bindHost of ['0.0.0.0', '[::]', '192.168.1.5', 'example.org']) {
      expect(outcome({ mode, bindHost, ...tokens[given] })).toBe(beyond);
    }
  });

  const admitting: [AccessOptions['mode'], string, Named, local: string, open: string][] = [
    ['auto', 'an admin', namedTokens(['admin']), 'locked', 'locked'],
    ['auto', 'no admin', namedTokens(['operator', 'readonly']), 'locked', 'refused'],
    ['auto', 'ended ones', namedTokens([], true), 'locked', 'refused'],
    ['bearer', 'an admin', namedTokens(['admin']), 'locked', 'locked'],
    ['bearer', 'no admin', namedTokens(['operator']), 'refused', 'refused'],
    ['bearer', 'ended ones', namedTokens([], true), 'refused', 'refused'],
    ['none', 'an admin', namedTokens(['admin']), 'open', 'refused'],
  ];

  test.each(admitting)('mode %s with named tokens: %s', (mode, _, named, local, beyond) => {
    expect(outcome({ mode, bindHost: '127.0.0.1' }, named)).toBe(local);
    expect(outcome({ mode, bindHost: '0.0.0.0' }, named)).toBe(beyond);
  });

  test('a read-only token is enough beside a named admin', () => {
    const at = { mode: 'auto', bindHost: '127.0.0.1', readonly } as const;
    expect(outcome(at, namedTokens(['admin']))).toBe('locked');
    expect(outcome(at, namedTokens(['operator']))).toBe('refused');
  });

  test('the first named token closes an open API at once', () => {
    let ever = false;
    const named = { ...nobody, any: () => ever };
    const access = accessPolicy({ mode: 'auto', bindHost: '127.0.0.1', named, hide });
    expect(access.enabled).toBe(false);
    ever = true;
    expect(access.enabled).toBe(true);
  });

  test('equal and blank tokens are refused, also through white space and files', () => {
    const file = join(directory, 'token');
    writeFileSync(file, ' admin-token\n');
    const at = { mode: 'auto', bindHost: '127.0.0.1', hide, named: nobody } as const;
    expect(() => accessPolicy({ ...at, admin, readonly: admin })).toThrow('must differ');
    expect(() => accessPolicy({ ...at, admin, readonly: { file } })).toThrow('must differ');
    expect(() => accessPolicy({ ...at, admin: { value: ' \t' } })).toThrow('not blank');
    expect(() => accessPolicy({ ...at, admin: { file: directory } })).toThrow('cannot be read');
    writeFileSync(file, '\n');
    expect(() => accessPolicy({ ...at, admin: { file } })).toThrow('or is empty');
  });
});

test.each([
  ['localhost', true],
  ['LOCALHOST', true],
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['::1', true],
  ['[::1]', true],
  ['0.0.0.0', false],
  ['::', false],
  ['[::ffff:127.0.0.1]', false],
  ['127.0.0.1.example.org', false],
  ['localhost.example.org', false],
  ['10.0.0.1', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

describe('who a token is', () => {
  const at = { mode: 'auto', bindHost: '127.0.0.1' } as const;

  test('the admin, the reader, or nobody', () => {
    const access = accessPolicy({ ...at, admin, readonly, hide, named: nobody });
    expect(access.authenticate('admin-token')).toEqual({ role: 'admin' });
    expect(access.authenticate('reader-token')).toEqual({ role: 'readonly' });
    for (const other of [
      '',
      'admin-toke',
      'admin-token ',
      'ADMIN-TOKEN',
      'admin-tokenreader-token',
    ]) {
      expect([other, access.authenticate(other)]).toEqual([other, undefined]);
    }
  });

  test('the holder of a named token, which is hidden from the log when it is first seen', () => {
    const hidden: string[] = [];
    const named = namedTokens(['operator', 'ingress']);
    const access = accessPolicy({ ...at, admin, named, hide: (token) => hidden.push(token) });
    for (const role of ['operator', 'operator', 'ingress'] as const) {
      const holder = { role, tokenId: `token_${role}` };
      expect(access.authenticate(`named-${role}-token`)).toEqual(holder);
    }
    expect(access.authenticate('named-admin-token')).toBeUndefined();
    expect(hidden).toEqual(['admin-token', 'named-operator-token', 'named-ingress-token']);
  });

  test('a file is read at each request; without it, or where both became equal, nobody comes in', () => {
    const [adminFile, readerFile] = [join(directory, 'admin'), join(directory, 'reader')];
    writeFileSync(adminFile, 'first\n');
    writeFileSync(readerFile, 'second\n');
    const hidden: string[] = [];
    const sources = { admin: { file: adminFile }, readonly: { file: readerFile } };
    const access = accessPolicy({
      mode: 'auto',
      bindHost: '127.0.0.1',
      ...sources,
      named: nobody,
      hide: (t) => hidden.push(t),
    });
    expect(access.authenticate('first')).toEqual({ role: 'admin' });
    writeFileSync(adminFile, 'third');
    expect(access.authenticate('first')).toBeUndefined();
    expect(access.authenticate('third')).toEqual({ role: 'admin' });
    writeFileSync(readerFile, 'third');
    expect(access.authenticate('third')).toBeUndefined();
    rmSync(adminFile);
    expect(access.authenticate('third')).toEqual({ role: 'readonly' });
    rmSync(readerFile);
    expect(access.authenticate('third')).toBeUndefined();
    writeFileSync(adminFile, ' \n');
    expect(access.authenticate('')).toBeUndefined();
    expect(hidden).toEqual(['first', 'second', 'third', 'third']);
  });
});
