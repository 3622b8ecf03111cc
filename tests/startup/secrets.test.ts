import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Sandbox, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { at, expectRefusal, jsonOf, runKheish, runProgram } from '../harness/kheish-command.ts';

const repository = join(import.meta.dirname, '../..');
const canary = 'sk-ant-canary-4242424242';
const anthropic = `version = 1
[routes.anthropic]
driver = "anthropic"
default_model = "claude-sonnet-4-6"
auth_ref = "anthropic.prod"
`;

async function newKey(): Promise<string> {
  return (await runKheish(['secrets', 'generate'])).stdout.trim();
}

function serveArgs(box: Sandbox): string[] {
  const routes = box.file('routes.toml', anthropic);
  const roots = ['--state-root', box.stateRoot, '--workspace-root', box.workspaceRoot];
  return ['serve', '--bind', '127.0.0.1:0', ...roots, '--routes-file', routes];
}

function setOffline(box: Sandbox, key: string, provider = 'anthropic') {
  return runKheish(
    ['secrets', 'set', 'anthropic.prod', '--offline', '--state-root', box.stateRoot].concat([
      '--provider',
      provider,
      '--from-env',
      'SECRET',
    ]),
    { env: { KHEISH_AUTH_STORE_MASTER_KEY: key, SECRET: canary } },
  );
}

describe('a route whose secret is missing', () => {
  it('refuses the start with the line that mends it, which works as printed [holds startup.missing_secret]', async () => {
    using home = sandbox();
    const box = { ...home, stateRoot: join(home.directory, "it's a state root") };
    const env = { KHEISH_AUTH_STORE_MASTER_KEY: await newKey() };
    const refused = await runKheish(serveArgs(box), { env });
    expectRefusal(
      refused,
      2,
      'Route "anthropic" needs the secret "anthropic.prod", which is not set.',
    );
    const line = /^ {2}(\.\/bin\/kheish-daemon secrets set .*)$/m.exec(refused.stderr)?.[1] ?? '';
    const mended = await runProgram('sh', ['-c', line], {
      cwd: repository,
      env: { ...env, ANTHROPIC_API_KEY: canary },
    });
    expect(mended).toMatchObject({ code: 0, stderr: '' });
    expect(mended.stdout).not.toContain(canary);
    const routesFile = box.file('routes.toml', anthropic);
    await using daemon = await startDaemon({ sandbox: box, routesFile, env });
    expect(await jsonOf(['secrets', 'get', 'anthropic.prod'], { env: at(daemon) })).toMatchObject({
      slot_id: 'anthropic.prod',
      provider: 'anthropic',
      version: 1,
    });
  });

  it('refuses a secret of another provider', async () => {
    using box = sandbox();
    const key = await newKey();
    expect(await setOffline(box, key, 'openai')).toMatchObject({ code: 0 });
    const env = { KHEISH_AUTH_STORE_MASTER_KEY: key };
    const refused = await runKheish(serveArgs(box), { env });
    expectRefusal(refused, 2, 'its secret "anthropic.prod" is of provider open_ai.', canary, key);
    expect(refused.stderr).toContain('secrets set anthropic.prod');
  });

  it('refuses runs with a code where the secret is deleted later, and takes it back [holds routes.not_ready]', async () => {
    using box = sandbox();
    const key = await newKey();
    await setOffline(box, key);
    const routesFile = box.file('routes.toml', anthropic);
    await using daemon = await startDaemon({
      sandbox: box,
      routesFile,
      env: { KHEISH_AUTH_STORE_MASTER_KEY: key },
    });
    const env = { ...at(daemon), SECRET: canary };
    expect(await jsonOf(['secrets', 'delete', 'anthropic.prod', '--force'], { env })).toEqual({
      accepted: true,
    });
    await jsonOf(['sessions', 'create', 'demo'], { env });
    const refused = await runKheish(['sessions', 'input', 'demo', 'hello'], { env });
    expectRefusal(refused, 2, 'daemon returned 400 (routes/route_not_ready)', canary);
    expect(refused.stderr).toContain('./bin/kheish-daemon secrets set anthropic.prod');
    const readiness = await jsonOf<{ provider_readiness: object }>(['status'], { env });
    expect(readiness.provider_readiness).toMatchObject({ error_route_count: 1 });
    const set = [
      'secrets',
      'set',
      'anthropic.prod',
      '--provider',
      'anthropic',
      '--from-env',
      'SECRET',
    ];
    expect(await jsonOf(set, { env })).toMatchObject({ slot_id: 'anthropic.prod' });
    const healed = await jsonOf<{ provider_readiness: object }>(['status'], { env });
    expect(healed.provider_readiness).toMatchObject({ error_route_count: 0 });
    expect(daemon.log).not.toContain(canary);
  });
});

describe('the master key', () => {
  it('is made by secrets generate, another one each time [holds secrets.generate]', async () => {
    const keys = [await newKey(), await newKey()];
    expect(new Set(keys).size).toBe(2);
    for (const key of keys) expect(Buffer.from(key, 'base64')).toHaveLength(32);
  });

  it('is needed where a route has a sealed secret', async () => {
    using box = sandbox();
    await setOffline(box, await newKey());
    const refused = await runKheish(serveArgs(box));
    expectRefusal(refused, 7, /needs a sealed secret, and there is no master key.*Set KHEISH_AUTH/);
    const list = ['--offline', '--state-root', box.stateRoot];
    const set = ['secrets', 'set', 'a', '--provider', 'generic', '--value', canary, ...list];
    expectRefusal(await runKheish(set), 7, 'There is no master key. Set KHEISH_AUTH', canary);
    expect((await jsonOf<object[]>(['secrets', 'list', ...list])).length).toBe(1);
  });

  it('is refused by name where it is another one [holds secrets.wrong_key_named]', async () => {
    using box = sandbox();
    const [key, other] = [await newKey(), await newKey()];
    await setOffline(box, key);
    const ids = async (given: string) => {
      const env = { KHEISH_AUTH_STORE_MASTER_KEY: given };
      const refused = await runKheish(serveArgs(box), { env });
      expectRefusal(
        refused,
        7,
        /are sealed under master key [0-9a-f]{16}; the key given is [0-9a-f]{16}/,
        key,
        other,
        canary,
      );
      return refused.stderr.match(/[0-9a-f]{16}/g) ?? [];
    };
    const [needed, given] = await ids(other);
    expect(needed).not.toBe(given);
    const env = { KHEISH_AUTH_STORE_MASTER_KEY: key };
    const routesFile = box.file('routes.toml', anthropic);
    await using daemon = await startDaemon({ sandbox: box, routesFile, env });
    expect(await jsonOf(['status'], { env: at(daemon) })).toMatchObject({ ready: true });
  });

  it('comes from the variable or from a file, not both, and is checked [holds secrets.key_sources]', async () => {
    using box = sandbox();
    const key = await newKey();
    await setOffline(box, key);
    const file = box.file('master.key', `${key}\n`);
    const inline = { KHEISH_AUTH_STORE_MASTER_KEY: key };
    const byFile = { KHEISH_AUTH_STORE_MASTER_KEY_FILE: file };
    const serve = serveArgs(box);
    const refusals: [Record<string, string>, string][] = [
      [{ ...inline, ...byFile }, 'are mutually exclusive'],
      [{ KHEISH_AUTH_STORE_MASTER_KEY: 'short-canary' }, 'must be 32 bytes'],
      [{ KHEISH_AUTH_STORE_MASTER_KEY_FILE: `${file}-none-canary` }, 'cannot be read (ENOENT)'],
    ];
    for (const [env, says] of refusals) {
      expectRefusal(await runKheish(serve, { env }), 2, says, key, 'canary');
    }
    const routesFile = box.file('routes.toml', anthropic);
    await using daemon = await startDaemon({ sandbox: box, routesFile, env: byFile });
    const { storage } = await jsonOf<{ storage: object }>(['status'], { env: at(daemon) });
    expect(storage).toMatchObject({ master_key_loaded: true });
  });
});

describe('secret slots', () => {
  it.each(['offline', 'online'])(
    'are set, listed, shown and deleted %s, and never printed [holds secrets.write_only]',
    async (way) => {
      using box = sandbox();
      const key = { KHEISH_AUTH_STORE_MASTER_KEY: await newKey() };
      const daemon = way === 'online' ? await startDaemon({ sandbox: box, env: key }) : undefined;
      await using _stop = daemon;
      const env = { ...(daemon === undefined ? key : at(daemon)), SECRET: canary };
      const where = daemon === undefined ? ['--offline', '--state-root', box.stateRoot] : [];
      const file = box.file('secret', `${canary}\n`);
      const said: string[] = [];
      const secrets = async (...args: string[]) => {
        const ended = await runKheish(['secrets', ...args, ...where], { env, input: canary });
        said.push(ended.stdout, ended.stderr);
        return ended;
      };
      for (const [ref, provider, ...source] of [
        ['a.env', 'anthropic', '--from-env', 'SECRET'],
        ['b.file', 'openai', '--from-file', file],
        ['c.stdin', 'openrouter', '--stdin'],
        ['d.value', 'generic', '--value', canary],
      ] as const) {
        expect(await secrets('set', ref, '--provider', provider, ...source)).toMatchObject({
          code: 0,
        });
      }
      const listed = JSON.parse((await secrets('list')).stdout) as { slot_id: string }[];
      expect(listed.map((slot) => slot.slot_id)).toEqual(['a.env', 'b.file', 'c.stdin', 'd.value']);
      expect((await secrets('list', '--output', 'table')).stdout).toMatch(/a\.env .*anthropic/);
      expect((await secrets('delete', 'b.file')).code).toBe(0);
      expect((await secrets('get', 'b.file')).code).toBe(5);
      expect((await secrets('delete', 'b.file')).code).toBe(5);
      expect((await secrets('get', 'a.env')).code).toBe(0);
      expect(said.join('')).not.toContain(canary);
      expect(said.join('')).not.toContain(canary.slice(-8));
      expect(daemon?.log ?? '').not.toContain(canary);
    },
  );

  it('are not found in any file of the root [holds secrets.sealed]', async () => {
    using box = sandbox();
    await setOffline(box, await newKey());
    const found = await runProgram('grep', ['-rlaF', canary, box.stateRoot]);
    expect(found).toMatchObject({ code: 1, stdout: '' });
  });
});
