import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AccessOptions, accessPolicy, isLoopback } from './access-policy.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kheish-access-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const hide = () => undefined;
const admin = { value: 'admin-token' };
const readonly = { value: 'reader-token' };
const tokens = { none: {}, admin: { admin }, reader: { readonly }, both: { admin, readonly } };

function outcome(options: Omit<AccessOptions, 'hide'>): string {
  try {
    return accessPolicy({ ...options, hide }).enabled ? 'locked' : 'open';
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

  test('equal and blank tokens are refused, also through white space and files', () => {
    const file = join(directory, 'token');
    writeFileSync(file, ' admin-token\n');
    const at = { mode: 'auto', bindHost: '127.0.0.1', hide } as const;
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
  test('the admin, the reader, or nobody', () => {
    const access = accessPolicy({ mode: 'auto', bindHost: '127.0.0.1', admin, readonly, hide });
    expect(access.authenticate('admin-token')).toBe('admin');
    expect(access.authenticate('reader-token')).toBe('read');
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
      hide: (t) => hidden.push(t),
    });
    expect(access.authenticate('first')).toBe('admin');
    writeFileSync(adminFile, 'third');
    expect(access.authenticate('first')).toBeUndefined();
    expect(access.authenticate('third')).toBe('admin');
    writeFileSync(readerFile, 'third');
    expect(access.authenticate('third')).toBeUndefined();
    rmSync(adminFile);
    expect(access.authenticate('third')).toBe('read');
    rmSync(readerFile);
    expect(access.authenticate('third')).toBeUndefined();
    writeFileSync(adminFile, ' \n');
    expect(access.authenticate('')).toBeUndefined();
    expect(hidden).toEqual(['first', 'second', 'third', 'third']);
  });
});
