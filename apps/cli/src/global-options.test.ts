import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fakeDaemon, json } from './testing/fake-daemon.ts';
import { runHere } from './testing/run-cli.ts';
import { capabilities } from './testing/views.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kheish-cli-'));
  writeFileSync(join(folder, 'token'), ' from-file\n');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

async function sentToken(...args: string[]): Promise<string | undefined> {
  await using daemon = await fakeDaemon((_, response) => json(response, capabilities));
  await runHere('capabilities', '--base-url', daemon.baseUrl, ...args);
  return daemon.seen[0]?.headers.authorization;
}

describe('the token', () => {
  test('comes from flag, file or environment, trimmed', async () => {
    expect(await sentToken()).toBeUndefined();
    expect(await sentToken('--token', ' t ')).toBe('Bearer t');
    expect(await sentToken('--token-file', join(folder, 'token'))).toBe('Bearer from-file');
    vi.stubEnv('KHEISH_DAEMON_TOKEN', 'env');
    expect(await sentToken()).toBe('Bearer env');
  });

  test('of a flag beats the environment, whichever form either has', async () => {
    vi.stubEnv('KHEISH_DAEMON_TOKEN_FILE', join(folder, 'token'));
    expect(await sentToken('--token', 't')).toBe('Bearer t');
    vi.unstubAllEnvs();
    vi.stubEnv('KHEISH_DAEMON_TOKEN', 'env');
    expect(await sentToken('--token-file', join(folder, 'token'))).toBe('Bearer from-file');
  });

  test('given twice at one level, empty, or in a missing file is refused', async () => {
    await expect(sentToken('--token', 't', '--token-file', 'f')).rejects.toThrow(/either/);
    await expect(sentToken('--token', ' ')).rejects.toThrow(/empty/);
    await expect(sentToken('--token-file', join(folder, 'none'))).rejects.toThrow(/--token-file/);
  });
});
