import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deadAddress, fakeDaemon, json } from '../testing/fake-daemon.ts';
import { runCli, runHere } from '../testing/run-cli.ts';

const offline = vi.hoisted(() => ({
  open: vi.fn<(options: unknown) => void>(),
  set: vi.fn<(record: unknown) => void>(),
  close: vi.fn<() => void>(),
}));
const slot = {
  slot_id: 'a',
  provider: 'generic',
  mode: 'opaque_secret',
  summary: 'set',
  version: 1,
  updated_at_ms: 0,
};
vi.mock('@kheish/daemon', () => ({
  offlineSecrets: async (options: unknown) => {
    offline.open(options);
    return {
      list: () => [slot],
      get: () => {
        throw new Error('no such slot');
      },
      set: async (record: unknown) => {
        offline.set(record);
        return slot;
      },
      delete: async () => undefined,
      close: async () => offline.close(),
    };
  },
}));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kheish-cli-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.clearAllMocks();
  rmSync(folder, { recursive: true });
});

async function sent(...flags: string[]): Promise<unknown> {
  await using daemon = await fakeDaemon((_, response) => json(response, slot));
  await runHere('secrets', 'set', 'a.b', '--base-url', daemon.baseUrl, ...flags);
  return daemon.seen[0]?.body;
}

describe('secrets set', () => {
  test.each([
    ['anthropic', 'anthropic'],
    ['google', 'google'],
    ['openai', 'open_ai'],
    ['openrouter', 'open_router'],
    ['xai', 'x_ai'],
  ])('writes an API key of %s as %s', async (flag, provider) => {
    expect(await sent('--provider', flag, '--value', ' k ')).toEqual({
      slot_id: 'a.b',
      provider,
      mode: 'api_key',
      state: { kind: 'api_key', api_key: ' k ' },
    });
  });

  test('writes what is nobody in particular as an opaque secret', async () => {
    expect(await sent('--provider', 'generic', '--value', 'v')).toEqual({
      slot_id: 'a.b',
      provider: 'generic',
      mode: 'opaque_secret',
      state: { value: 'v' },
    });
  });

  test('has organization and project for openai only', async () => {
    const flags = ['--value', 'k', '--organization', 'o', '--project', 'p'];
    expect(await sent('--provider', 'openai', ...flags)).toMatchObject({
      state: { organization: 'o', project: 'p' },
    });
    await expect(sent('--provider', 'xai', ...flags)).rejects.toThrow(/--provider openai/);
  });

  test('keeps a value of the environment as it is; a file loses one newline', async () => {
    vi.stubEnv('KEY', ' k\n\n');
    const fromEnv = await sent('--provider', 'generic', '--from-env', 'KEY');
    expect(fromEnv).toMatchObject({ state: { value: ' k\n\n' } });
    const file = join(folder, 'key');
    writeFileSync(file, ' k\n\n');
    const fromFile = await sent('--provider', 'generic', '--from-file', file);
    expect(fromFile).toMatchObject({ state: { value: ' k\n' } });
  });

  test.each([
    ['a\n', 'a'],
    ['a\r\n', 'a'],
    ['a\n\n', 'a\n'],
    ['\n a ', '\n a '],
    ['a', 'a'],
  ])('of a file %j becomes %j', async (text, value) => {
    const file = join(folder, 'key');
    writeFileSync(file, text);
    const body = await sent('--provider', 'generic', '--from-file', file);
    expect(body).toMatchObject({ state: { value } });
  });

  test.each([' ', '\n', '\t\r\n'])('refuses %j from anywhere', async (blank) => {
    vi.stubEnv('KEY', blank);
    const file = join(folder, 'key');
    writeFileSync(file, blank);
    const sources = [
      ['--value', blank],
      ['--from-env', 'KEY'],
      ['--from-file', file],
    ];
    for (const source of sources) {
      await expect(sent('--provider', 'generic', ...source)).rejects.toThrow(/blank/);
    }
  });

  test('reads stdin', async () => {
    await using daemon = await fakeDaemon((_, response) => json(response, slot));
    const args = ['secrets', 'set', 'a', '--provider', 'generic', '--stdin'];
    const { code } = await runCli([...args, '--base-url', daemon.baseUrl], { stdin: 'k\r\n' });
    expect(code).toBe(0);
    expect(daemon.seen[0]?.body).toMatchObject({ state: { value: 'k' } });
  });

  test.each([
    [[]],
    [['--value', 'v', '--from-env', 'PATH']],
    [['--value', 'v', '--from-file', 'f']],
    [['--from-file', 'f', '--stdin']],
    [['--value', ' ']],
    [['--from-env', 'KHEISH_NOT_SET']],
  ])('refuses %j', async (flags) => {
    await expect(sent('--provider', 'generic', ...flags)).rejects.toThrow(
      /exactly one|blank|not set/,
    );
  });
});

describe('--offline', () => {
  test('works on the state root, and gives the root back also after an error', async () => {
    vi.stubEnv('KHEISH_AUTH_STORE_MASTER_KEY', 'key');
    const root = ['--offline', '--state-root', folder];
    await runHere('secrets', 'set', 'a', '--provider', 'generic', '--value', 'v', ...root);
    expect(offline.open).toHaveBeenCalledWith({
      stateRoot: folder,
      masterKeySource: { inline: 'key' },
    });
    expect(offline.set).toHaveBeenCalledOnce();
    expect(offline.close).toHaveBeenCalledOnce();
    await expect(runHere('secrets', 'get', 'a', ...root)).rejects.toThrow('no such slot');
    expect(offline.close).toHaveBeenCalledTimes(2);
    const deleted = await runHere('secrets', 'delete', 'a', '--output', 'json', ...root);
    expect(deleted.stdout).toBe('{"accepted":true}\n');
  });

  test('has the root from the environment, else asks for it', async () => {
    vi.stubEnv('KHEISH_STATE_ROOT', undefined);
    await expect(runHere('secrets', 'list', '--offline')).rejects.toThrow(/--state-root/);
    vi.stubEnv('KHEISH_STATE_ROOT', folder);
    await runHere('secrets', 'list', '--offline');
    expect(offline.open).toHaveBeenCalledOnce();
  });

  test('is what an unreachable daemon points to, and what --state-root needs', async () => {
    const baseUrl = await deadAddress();
    await expect(runHere('secrets', 'list', '--base-url', baseUrl)).rejects.toThrow(
      /run this again with --offline --state-root/,
    );
    await expect(runHere('secrets', 'list', '--state-root', folder)).rejects.toThrow(/--offline/);
    expect(offline.open).not.toHaveBeenCalled();
  });
});
