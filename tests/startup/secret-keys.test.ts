import { readFileSync } from 'node:fs';
import { createClient } from '@kheish/client-sdk';
import { generateMasterKey } from '@kheish/daemon';
import { startFakeProvider } from '@kheish/testkit';
import { describe, expect, it } from 'vitest';
import { type Sandbox, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { at, expectRefusal, jsonOf, runKheish } from '../harness/kheish-command.ts';

const canary = 'sk-canary-of-a-route-42';
const generic = (slot_id: string, value: string) => ({
  slot_id,
  provider: 'generic',
  mode: 'opaque_secret',
  state: { value },
});

function routesFile(box: Sandbox, baseUrl: string): string {
  const route = 'driver = "openai_compatible"\nauth_ref = "used"\ndefault_model = "fake-1"';
  return box.file(
    'routes.toml',
    `version = 1\ndefault_route = "one"\n[routes.one]\n${route}\nbase_url = "${baseUrl}"\n[routes.two]\n${route}\nbase_url = "${baseUrl}"\n`,
  );
}

const setUsed = (...more: string[]) =>
  ['secrets', 'set', 'used', '--provider', 'generic', '--from-env', 'SECRET'].concat(more);

async function answered(url: string, session: string): Promise<string> {
  const client = createClient({ baseUrl: url });
  await client.sessions.create({ session_id: session });
  const { run_id } = await client.sessions.submit(session, { content: 'hi', provider: 'one' });
  return (await client.runs.wait(run_id)).status;
}

describe('secrets rekey', () => {
  it('is done while the daemon runs, which goes on with the new key; the next start needs it [holds secrets.rekey]', async () => {
    using box = sandbox();
    await using provider = await startFakeProvider({
      protocol: 'chat-completions',
      answer: () => ({ text: 'hello' }),
    });
    const [old, next] = [generateMasterKey(), generateMasterKey()];
    const keyFile = box.file('master.key', old);
    const newFile = box.file('new.key', `${next}\n`);
    const env = { KHEISH_AUTH_STORE_MASTER_KEY_FILE: keyFile, SECRET: canary };
    const root = ['--offline', '--state-root', box.stateRoot];
    await jsonOf(setUsed(...root), { env });
    const start = { sandbox: box, routesFile: routesFile(box, provider.url), env };
    {
      await using daemon = await startDaemon(start);
      const flags = ['--new-key-file', newFile, '--install-as', keyFile];
      const report = await jsonOf<Record<string, string>>(['secrets', 'rekey', ...flags], {
        env: at(daemon),
      });
      expect(report).toMatchObject({ slot_count: 1 });
      const said = `The next start needs master key ${report['new_key_id']}`;
      expect(report['next_start']).toContain(said);
      expect(daemon.log).toContain(said);
      expect(await answered(daemon.url, 'a')).toBe('completed');
      expect(daemon.log).not.toContain(next);
      expect(readFileSync(keyFile, 'utf8').trim()).toBe(next);
      expect(readFileSync(`${keyFile}.${report['old_key_id']}`, 'utf8')).toBe(old);
      expect(await daemon.stop()).toBe(0);
    }
    const refused = await runKheish(['secrets', 'rekey', '--new-key-env', 'NEW', ...root], {
      env: { KHEISH_AUTH_STORE_MASTER_KEY: old, NEW: generateMasterKey() },
    });
    expectRefusal(refused, 7, 'sealed under master key', old, next);
    {
      await using daemon = await startDaemon(start);
      expect(await answered(daemon.url, 'b')).toBe('completed');
    }
    const third = generateMasterKey();
    const again = await jsonOf(['secrets', 'rekey', '--stdin', ...root], { env, input: third });
    expect(again).toMatchObject({ slot_count: 1 });
    const list = await jsonOf<{ version: number }[]>(['secrets', 'list', ...root], {
      env: { KHEISH_AUTH_STORE_MASTER_KEY: third },
    });
    expect(list).toMatchObject([{ slot_id: 'used', version: 3 }]);
    const keys = provider.requests.map(({ headers }) => headers['authorization']);
    expect(new Set(keys)).toEqual(new Set([`Bearer ${canary}`]));
  }, 30_000);
});

describe('a slot that routes use', () => {
  it('is not deleted silently, and is warned about before it ends [holds secrets.in_use]', async () => {
    using box = sandbox();
    const env = { KHEISH_AUTH_STORE_MASTER_KEY: generateMasterKey(), SECRET: canary };
    await jsonOf(setUsed('--offline', '--state-root', box.stateRoot), { env });
    const routes = routesFile(box, 'http://127.0.0.1:9/v1');
    await using daemon = await startDaemon({ sandbox: box, routesFile: routes, env });
    const online = { env: { ...at(daemon), SECRET: canary } };
    const refused = await runKheish(['secrets', 'delete', 'used'], online);
    expectRefusal(refused, 6, 'used by the routes "one", "two"');
    expect(refused.stderr).toContain('secrets/secret_in_use');
    expect(refused.stderr).toContain('--force');

    const readiness = async () => {
      const { provider_readiness } = await jsonOf<{ provider_readiness: { routes: object[] } }>(
        ['status'],
        online,
      );
      return provider_readiness.routes[0];
    };
    const soon = new Date(Date.now() + 3 * 86_400_000).toISOString();
    await jsonOf(setUsed('--expires-at', soon), online);
    const [listed] = await jsonOf<object[]>(['secrets', 'list'], online);
    expect(listed).toMatchObject({
      details: { expires_at_ms: Date.parse(soon) },
      warnings: [`It expires at ${soon}.`],
    });
    expect(await readiness()).toMatchObject({ state: 'warning', code: 'secret_expiry' });
    await jsonOf(setUsed('--expires-at', '2020-01-01'), online);
    expect(await readiness()).toMatchObject({
      state: 'warning',
      message: expect.stringContaining('It expired at 2020-01-01'),
    });
    expect(await jsonOf(['secrets', 'delete', 'used', '--force'], online)).toEqual({
      accepted: true,
    });
    expect(await readiness()).toMatchObject({ state: 'error', code: 'missing_secret' });
  }, 30_000);
});

describe('secrets import', () => {
  it('writes all slots of a snapshot or none, and says that the file remains [holds secrets.import]', async () => {
    using box = sandbox();
    const env = { KHEISH_AUTH_STORE_MASTER_KEY: generateMasterKey() };
    await using daemon = await startDaemon({ sandbox: box, env });
    const online = { env: at(daemon) };
    const slots = { a: generic('a', canary), b: generic('b', 'other canary') };
    const snapshot = box.file('snapshot.json', JSON.stringify({ slots }));
    const readable = await runKheish(['secrets', 'import', snapshot], online);
    expectRefusal(readable, 2, 'can be read by other users', canary);
    const allowed = ['secrets', 'import', snapshot, '--allow-readable'];
    const imported = await runKheish(allowed, online);
    expect(imported.code, imported.stderr).toBe(0);
    expect(imported.stdout + imported.stderr).not.toContain('canary');
    expect(imported.stderr).toContain('It still holds them in plain text');
    await jsonOf(['secrets', 'delete', 'a'], online);
    const refused = await runKheish(allowed, online);
    expectRefusal(refused, 6, 'Nothing was imported: "b" is there already', canary);
    expect(await jsonOf(['secrets', 'list'], online)).toMatchObject([{ slot_id: 'b' }]);
    const replacing = await runKheish([...allowed, '--replace'], online);
    expect(JSON.parse(replacing.stdout)).toMatchObject({ replaced: ['b'] });
    // What is in the state root is not read by itself.
    expect(daemon.log).not.toContain('canary');
  }, 30_000);
});
