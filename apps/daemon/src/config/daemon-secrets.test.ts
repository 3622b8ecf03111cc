import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedactor } from '@kheish/auth-store';
import { describe, expect, test } from 'vitest';
import type { ServeOptions } from '../serve-options.ts';
import {
  hideSecrets,
  masterKeyOf,
  scrubEnvironment,
  secretFilesOf,
  tokenOf,
} from './daemon-secrets.ts';

describe('a token', () => {
  test('is told as a value, in a file, or not at all', () => {
    expect(tokenOf('--t', {})).toBeUndefined();
    expect(tokenOf('--t', { value: ' token\n' })).toEqual({ value: 'token' });
    expect(tokenOf('--t', { file: '/a/file' })).toEqual({ file: '/a/file' });
  });

  test('is not told twice', () => {
    expect(() => tokenOf('--t', { value: 'canary', file: '/a/file' })).toThrow(
      expect.objectContaining({
        code: 'config/invalid_configuration',
        message: '--t and --t-file exclude each other.',
      }),
    );
  });
});

test('secrets leave the environment, and what else is there stays', () => {
  const secrets = {
    KHEISH_AUTH_STORE_MASTER_KEY: 'master-key-value',
    KHEISH_API_KEY: 'api-key-value',
    KHEISH_DAEMON_ADMIN_TOKEN: 'admin-token-value\n',
    KHEISH_DAEMON_READONLY_TOKEN: 'reader-token-value',
  };
  const environment: NodeJS.ProcessEnv = { PATH: '/bin', KHEISH_BIND: 'x', ...secrets };
  const redactor = createRedactor();
  scrubEnvironment(environment, redactor);
  expect(environment).toEqual({ PATH: '/bin', KHEISH_BIND: 'x' });
  const said = redactor.redact(Object.values(secrets).join('|').replace('\n', ''));
  expect(said).toBe(Array.from({ length: 4 }, () => '[redacted]').join('|'));
});

test('the files of tokens and of the master key are secret', () => {
  const options = {
    adminToken: { file: 'admin' },
    readonlyToken: { value: 'reader' },
    masterKeySource: { file: 'key' },
    signingKeySource: { file: 'signing' },
  } as ServeOptions;
  expect(secretFilesOf(options)).toEqual(['admin', 'key', 'signing']);
});

test('whatever is told is hidden, also what has left the environment before', () => {
  const redactor = createRedactor();
  const told = [
    'admin-by-flag',
    'reader-by-flag',
    'master-key-inline',
    'api-key-by-flag',
    'signing-key-inline',
  ] as const;
  hideSecrets(
    {
      adminToken: { value: told[0] },
      readonlyToken: { value: `${told[1]}\n` },
      masterKeySource: { inline: told[2] },
      signingKeySource: { inline: told[4] },
      singleRoute: { apiKey: told[3] },
    } as ServeOptions,
    redactor,
  );
  expect(redactor.redact(told.join('|'))).toBe(told.map(() => '[redacted]').join('|'));
});

test('the master key of a file is hidden', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kheish-key-'));
  const file = join(directory, 'key');
  const key = Buffer.alloc(32, 7).toString('base64');
  writeFileSync(file, `${key}\n`);
  const hidden: string[] = [];
  masterKeyOf({ file }, (text) => hidden.push(text))?.wipe();
  rmSync(directory, { recursive: true });
  // Its own bytes are a text, too.
  expect(hidden).toEqual([key, '\u0007'.repeat(32)]);
});
