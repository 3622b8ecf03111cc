import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchDaemon, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { fixedPort } from '../harness/fixed-port.ts';
import { at, expectRefusal, jsonOf, runKheish } from '../harness/kheish-command.ts';
import { jsonValues, keys, runScript, scriptOf, standIn } from './document.ts';

const waitUntilReady = 'until curl -sf http://127.0.0.1:4000/readyz >/dev/null; do sleep 0.1; done';
const stop = 'kill %%\nwait';

// The commands that the project was asked for, in their order, with ./bin/kheish-daemon for the binary.
const dualRoutes = `
export KHEISH_AUTH_STORE_MASTER_KEY="$(./bin/kheish-daemon secrets generate)"

mkdir -p .kheish-daemon-data .kheish-workspace

./bin/kheish-daemon secrets set anthropic.prod \\
  --offline \\
  --state-root .kheish-daemon-data \\
  --provider anthropic \\
  --from-env ANTHROPIC_API_KEY

./bin/kheish-daemon secrets set openai.prod \\
  --offline \\
  --state-root .kheish-daemon-data \\
  --provider openai \\
  --from-env OPENAI_API_KEY
./bin/kheish-daemon serve \\
  --bind 127.0.0.1:4000 \\
  --state-root .kheish-daemon-data \\
  --workspace-root .kheish-workspace \\
  --routes-file ./routes.default.toml`;

const sanityChecks = `
./bin/kheish-daemon status
./bin/kheish-daemon runtime get
curl http://127.0.0.1:4000/healthz
curl http://127.0.0.1:4000/readyz
./bin/kheish-daemon secrets list
./bin/kheish-daemon secrets get openai.prod`;

const oneRoute = `
cat > routes.toml <<'TOML'
version = 1
default_route = "openai"

[routes.openai]
driver = "openai"
default_model = "gpt-5.4"
auth_ref = "openai.prod"
TOML
./bin/kheish-daemon secrets set openai.prod \\
  --offline \\
  --state-root .kheish-daemon-data \\
  --provider openai \\
  --from-env OPENAI_API_KEY
./bin/kheish-daemon --bind 127.0.0.1:4000 --state-root .kheish-daemon-data \\
  --workspace-root .kheish-workspace --routes-file routes.toml`;

const openRouter = `
cat > openrouter-routes.toml <<'TOML'
version = 1
default_route = "openrouter"

[routes.openrouter]
driver = "openrouter"
default_model = "openai/gpt-5.4-mini"
model_support = "any"
auth_ref = "openrouter.prod"
TOML
./bin/kheish-daemon secrets set openrouter.prod \\
  --offline \\
  --state-root .kheish-daemon-data \\
  --provider openrouter \\
  --from-env OPENROUTER_API_KEY

./bin/kheish-daemon serve \\
  --bind 127.0.0.1:4000 \\
  --state-root .kheish-daemon-data \\
  --workspace-root .kheish-workspace \\
  --routes-file ./openrouter-routes.toml`;

it('an isolated daemon starts with each of the three routes files [holds docs.isolated_daemon]', async () => {
  using box = sandbox();
  const port = await fixedPort();
  const directory = standIn(box);
  const script = [
    `${dualRoutes} &\n${waitUntilReady}\n${sanityChecks}\n${stop}`,
    ...[oneRoute, openRouter].map(
      (commands) => `${commands} &\n${waitUntilReady}\n./bin/kheish-daemon runtime get\n${stop}`,
    ),
  ];
  const ended = await runScript(scriptOf(script, port), { box, directory, port });
  expect(ended.code, ended.stderr).toBe(0);
  const printed = jsonValues(ended.stdout) as Record<string, unknown>[];
  const inventories = printed.filter((value) => Object.hasOwn(value, 'route_diagnostics'));
  expect(inventories).toMatchObject([
    { route_id: 'anthropic', routes: [{ route_id: 'anthropic' }, { route_id: 'openai' }] },
    { route_id: 'openai', model: 'gpt-5.4', routes: [{ provider: 'openai' }] },
    { route_id: 'openrouter', model: 'openai/gpt-5.4-mini', routes: [{ provider: 'openrouter' }] },
  ]);
  for (const key of Object.values(keys)) {
    expect(ended.stdout).not.toContain(key);
    expect(ended.stderr).not.toContain(key);
  }
});

describe('the older single-route flags', () => {
  it.each([
    [
      ['--provider', 'openrouter', '--api-key', keys.OPENROUTER_API_KEY],
      {},
      'openrouter',
      'openai/gpt-5.4-mini',
    ],
    [
      ['--provider', 'openai', '--model', 'gpt-5.4-mini'],
      { KHEISH_API_KEY: keys.OPENAI_API_KEY },
      'openai',
      'gpt-5.4-mini',
    ],
    [
      [],
      { KHEISH_PROVIDER: 'anthropic', ANTHROPIC_API_KEY: keys.ANTHROPIC_API_KEY },
      'anthropic',
      /^claude-/,
    ],
    [
      ['--provider', 'openai'],
      { KHEISH_MODEL: 'gpt-5.4', OPENAI_API_KEY: keys.OPENAI_API_KEY },
      'openai',
      'gpt-5.4',
    ],
  ])(
    '%s with %o make one route, %s [holds routes.single_route_flags]',
    async (flags, env, provider, model) => {
      using box = sandbox();
      const roots = ['--state-root', box.stateRoot, '--workspace-root', box.workspaceRoot];
      const bare = ['--bind', '127.0.0.1:0', '--log-format', 'json', ...roots, ...flags];
      await using daemon = await launchDaemon({ sandbox: box, bare, env }).ready;
      const runtime = await jsonOf(['runtime', 'get'], { env: at(daemon) });
      expect(runtime).toMatchObject({
        route_id: provider,
        provider,
        model: typeof model === 'string' ? model : expect.stringMatching(model),
        route_diagnostics: [{ route_id: provider, state: 'ok' }],
      });
      expect(JSON.stringify(runtime)).not.toContain('canary');
      expect(daemon.log).not.toContain('canary');
    },
  );
});

it('--default-route overrides the default of the file [holds routes.default_overridden]', async () => {
  using box = sandbox();
  const routesFile = join(box.directory, 'routes.toml');
  writeFileSync(
    routesFile,
    'version = 1\ndefault_route = "a"\n[routes.a]\ndriver = "scripted"\n[routes.b]\ndriver = "scripted"\n',
  );
  await using daemon = await startDaemon({
    sandbox: box,
    routesFile,
    args: ['--default-route', 'b'],
  });
  const env = at(daemon);
  expect(await jsonOf(['runtime', 'get'], { env })).toMatchObject({ route_id: 'b' });
  await jsonOf(['sessions', 'create', 'demo'], { env });
  const run = await jsonOf(['sessions', 'input', 'demo', 'hello', '--wait'], { env });
  expect(run).toMatchObject({ status: 'completed', request: { provider: 'b' } });
});

it('without routes the daemon starts, says so, and refuses runs until there is one [holds routes.empty_inventory]', async () => {
  using box = sandbox();
  const roots = ['--state-root', box.stateRoot, '--workspace-root', box.workspaceRoot];
  const bare = ['serve', '--bind', '127.0.0.1:0', '--log-format', 'json', ...roots];
  const daemon = await launchDaemon({ sandbox: box, bare }).ready;
  const env = at(daemon);
  expect(await jsonOf(['runtime', 'get'], { env })).toMatchObject({ route_id: null, routes: [] });
  await jsonOf(['sessions', 'create', 'demo'], { env });
  const refused = await runKheish(['sessions', 'input', 'demo', 'hello'], { env });
  expectRefusal(refused, 2, 'daemon returned 400 (routes/no_routes)');
  expect(refused.stderr).toMatch(/--routes-file|--provider/);
  expect(await jsonOf(['runs', 'list'], { env })).toEqual([]);
  await daemon.stop();
  expect(daemon.log).toMatch(/no model routes: runs are refused until/);

  await using again = await startDaemon({ sandbox: box });
  const run = await jsonOf(['sessions', 'input', 'demo', 'hello', '--wait'], { env: at(again) });
  expect(run).toMatchObject({ status: 'completed' });
});
