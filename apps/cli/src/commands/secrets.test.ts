import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { deadAddress, fakeDaemon, json } from '../testing/fake-daemon.ts';
import { runCli, runHere } from '../testing/run-cli.ts';

const offline = vi.hoisted(() => ({
  open: vi.fn<(options: unknown) => void>(),
  set: vi.fn<(record: unknown) => void>(),
  close: vi.fn<() => void>(),
  rekey: vi.fn<(key: string) => void>(),
  import: vi.fn<(snapshot: unknown) => void>(),
}));
const report = {
  old_key_id: '0011223344556677',
  new_key_id: '8899aabbccddeeff',
  slot_count: 2,
  next_start: 'The next start needs it.',
};
const slot = {
  slot_id: 'a',
  provider: 'generic',
  mode: 'opaque_secret',
  summary: 'set',
  version: 1,
  updated_at_ms: 0,
  details: {},
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
      rekey: async (key: string) => {
        offline.rekey(key);
        return report;
      },
      import: async (snapshot: unknown) => {
        offline.import(snapshot);
        return { imported: [slot], replaced: [] };
      },
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

describe('secrets set --expires-at', () => {
  test.each([
    ['2027-01-31', Date.parse('2027-01-31T00:00:00Z')],
    ['2027-01-31T12:00:00Z', Date.parse('2027-01-31T12:00:00Z')],
    ['1801440000000', 1_801_440_000_000],
  ])('%s', async (time, ms) => {
    const body = await sent('--provider', 'xai', '--value', 'k', '--expires-at', time);
    expect(body).toMatchObject({ expires_at_ms: ms });
  });

  test.each(['tomorrow', '', '12', '-5', '2027-13-01', '2027-01-31T12:00'])(
    'refuses %j',
    async (time) => {
      const flags = ['--provider', 'xai', '--value', 'k', `--expires-at=${time}`];
      await expect(sent(...flags)).rejects.toThrow(/is no time/);
    },
  );
});

test('secrets delete --force says so', async () => {
  await using daemon = await fakeDaemon((_, response) => json(response, { accepted: true }));
  await runHere('secrets', 'delete', 'a', '--base-url', daemon.baseUrl);
  await runHere('secrets', 'delete', 'a', '--force', '--base-url', daemon.baseUrl);
  expect(daemon.seen.map(({ path }) => path)).toEqual([
    '/v1/runtime/secrets/a',
    '/v1/runtime/secrets/a',
  ]);
  expect(daemon.seen.map(({ query }) => query.toString())).toEqual(['', 'force=true']);
});

const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

describe('secrets rekey', () => {
  test.each([
    ['a file', () => ['--new-key-file', file('new', 'k1\n')]],
    ['a variable', () => ['--new-key-env', 'NEW_KEY']],
  ])('has the new key from %s', async (_title, flags) => {
    vi.stubEnv('NEW_KEY', 'k1');
    await using daemon = await fakeDaemon((_, response) => json(response, report));
    const ran = await runHere('secrets', 'rekey', ...flags(), '--base-url', daemon.baseUrl);
    expect(daemon.seen).toMatchObject([
      { method: 'POST', path: '/v1/runtime/secrets/rekey', body: { new_master_key: 'k1' } },
    ]);
    expect(ran.stdout).toContain('The next start needs it.');
  });

  test('works on a root at rest', async () => {
    const root = ['--offline', '--state-root', folder];
    await runHere('secrets', 'rekey', '--new-key-file', file('new', 'k2'), ...root);
    expect(offline.rekey).toHaveBeenCalledWith('k2');
    expect(offline.close).toHaveBeenCalledOnce();
  });

  test('puts the new file in the place of the old one, which stays beside it', async () => {
    const [fresh, place] = [file('new', 'k2'), file('master.key', 'k1')];
    const flags = ['--new-key-file', fresh, '--install-as', place];
    await runHere('secrets', 'rekey', ...flags, '--offline', '--state-root', folder);
    expect(readFileSync(place, 'utf8')).toBe('k2');
    expect(readFileSync(`${place}.0011223344556677`, 'utf8')).toBe('k1');
    expect(existsSync(fresh)).toBe(false);
  });

  test('does not open the key to more users than could read the old one', async () => {
    const [fresh, place] = [file('new', 'k2'), file('master.key', 'k1')];
    chmodSync(fresh, 0o640);
    chmodSync(place, 0o600);
    const flags = ['--new-key-file', fresh, '--install-as', place];
    await expect(
      runHere('secrets', 'rekey', ...flags, '--offline', '--state-root', folder),
    ).rejects.toThrow(/chmod 600/);
    expect(offline.open).not.toHaveBeenCalled();
  });

  test('says under which key the slots are where the files could not be exchanged', async () => {
    const [fresh, place] = [file('new', 'k2'), file('m'.repeat(250), 'k1')];
    const flags = ['--new-key-file', fresh, '--install-as', place];
    await expect(
      runHere('secrets', 'rekey', ...flags, '--offline', '--state-root', folder),
    ).rejects.toThrow(/All slots are under the new key/);
    expect(readFileSync(fresh, 'utf8')).toBe('k2');
  });

  test('touches no file where the rekey is refused', async () => {
    const [fresh, place] = [file('new', 'k2'), file('master.key', 'k1')];
    offline.rekey.mockImplementationOnce(() => {
      throw new Error('refused');
    });
    const flags = ['--new-key-file', fresh, '--install-as', place];
    await expect(
      runHere('secrets', 'rekey', ...flags, '--offline', '--state-root', folder),
    ).rejects.toThrow('refused');
    expect(readdirSync(folder).toSorted()).toEqual(['master.key', 'new']);
    expect(readFileSync(place, 'utf8')).toBe('k1');
  });

  test.each([
    [[], /exactly one of/],
    [['--new-key-env', 'KHEISH_NOT_SET'], /not set/],
    [['--new-key-env', 'PATH', '--stdin'], /exactly one of/],
    [['--new-key-env', 'PATH', '--install-as', 'x'], /goes with --new-key-file/],
    [['--new-key-file', import.meta.filename, '--install-as', '/nowhere/x'], /there is no file/],
  ])('refuses %j before anything is done', async (flags, why) => {
    const root = ['--offline', '--state-root', folder];
    await expect(runHere('secrets', 'rekey', ...flags, ...root)).rejects.toThrow(why);
    expect(offline.open).not.toHaveBeenCalled();
  });
});

const snapshot = (value: unknown, mode = 0o600) => {
  const path = join(folder, 'snapshot.json');
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  chmodSync(path, mode);
  return path;
};

describe('secrets import', () => {
  const slots = {
    a: { slot_id: 'a', provider: 'generic', mode: 'opaque_secret', state: { value: 'canary' } },
  };
  test('says what it read, what it wrote, and that the file remains', async () => {
    await using daemon = await fakeDaemon((_, response) =>
      json(response, { imported: [slot], replaced: [] }),
    );
    const path = snapshot({ slots });
    const args = ['secrets', 'import', path, '--replace', '--base-url', daemon.baseUrl];
    const ran = await runCli(args);
    expect(ran.code, ran.stderr).toBe(0);
    expect(daemon.seen).toMatchObject([
      { path: '/v1/runtime/secrets/import', body: { slots, replace: true } },
    ]);
    expect(JSON.parse(ran.stdout)).toMatchObject({ imported: [{ slot_id: 'a' }] });
    expect(ran.stderr).toContain(
      `${path} had 1 slots (generic). It still holds them in plain text`,
    );
    expect(ran.stderr).toContain(`shred -u ${path}`);
  });

  test.each([
    ['that others can read', { slots }, 0o640, /can be read by other users/],
    ['that is encrypted', { version: 1, ciphertext: 'x' }, 0o600, /is encrypted/],
    ['that is something else', ['canary'], 0o600, /no snapshot/],
    ['that is no JSON', '{"canary', 0o600, /is not JSON/],
    ['with a name that is lost', '{"slots":{"__proto__":{}}}', 0o600, /names a slot __proto__/],
    [
      'with slots of another kind',
      { slots: { ...slots, o: { provider: 'mcp_oauth', mode: 'oauth_account' } } },
      0o600,
      /cannot be imported: o \(mcp_oauth oauth_account\)/,
    ],
  ])('refuses a file %s', async (_title, value, mode, why) => {
    await expect(
      runHere('secrets', 'import', snapshot(value, mode), '--offline', '--state-root', folder),
    ).rejects.toThrow(
      expect.toSatisfy((error: Error) => why.test(error.message) && !/canary/.test(error.message)),
    );
    expect(offline.open).not.toHaveBeenCalled();
  });

  test('takes a file that others can read where that is said', async () => {
    const args = ['secrets', 'import', snapshot({ slots }, 0o644), '--allow-readable'];
    await runHere(...args, '--offline', '--state-root', folder);
    expect(offline.import).toHaveBeenCalledWith({ slots, replace: false });
  });
});
