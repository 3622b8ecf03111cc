import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchDaemon, sandbox, scriptedRoutes, startDaemon } from '../harness/daemon-process.ts';
import { at, expectRefusal, jsonOf, runKheish } from '../harness/kheish-command.ts';

const later = [
  '--mcp-discovery',
  '--mcp-config',
  '--mcp-credentials',
  '--mcp-profile',
  '--connectors-config',
  '--skill-root',
  '--http-allowed-origin',
];

describe('flags', () => {
  it.each([...later, '--no-such-flag'])(
    '%s is unknown [holds flags.unknown_are_errors]',
    async (flag) => {
      for (const args of [
        ['serve', flag, 'x'],
        [flag, 'x'],
      ]) {
        expectRefusal(await runKheish(args), 2, `Error: unknown option '${flag}'`);
      }
    },
  );

  it.each([
    [['--log-level', 'loud'], /Allowed choices are error, warn, info/],
    [['--log-format', 'xml'], /Allowed choices are auto, pretty, json/],
    [['--http-auth-mode', 'basic'], /Allowed choices are auto, none, bearer/],
    [['--drain-timeout-ms', 'soon'], /Give a whole number of at least 0/],
    [['surplus'], /too many arguments/],
  ])('%s is refused', async (args, says) => {
    expectRefusal(await runKheish(['serve', ...args]), 2, says);
  });

  it('mean serve where they come first, or where there is nothing; variables stand in for them, and they win [holds flags.over_variables]', async () => {
    using box = sandbox();
    const env = {
      KHEISH_BIND: '127.0.0.1:0',
      KHEISH_STATE_ROOT: join(box.directory, 'by variable'),
      KHEISH_WORKSPACE_ROOT: box.workspaceRoot,
      KHEISH_ROUTES_FILE: box.file('routes.toml', scriptedRoutes),
      KHEISH_DEFAULT_ROUTE: 'scripted',
      KHEISH_HTTP_AUTH_MODE: 'none',
      KHEISH_LOG_FORMAT: 'json',
      KHEISH_LOG_LEVEL: 'info',
      KHEISH_DRAIN_TIMEOUT_MS: '1000',
      KHEISH_DAEMON_ADMIN_TOKEN: 'admin-token',
      KHEISH_PROVIDER: '',
    };
    for (const [args, stateRoot] of [
      [[], env.KHEISH_STATE_ROOT],
      [['--state-root', box.stateRoot], box.stateRoot],
    ] as const) {
      await using daemon = await launchDaemon({ sandbox: box, env, bare: args }).ready;
      expect(await jsonOf(['status'], { env: at(daemon) })).toMatchObject({
        state_root: stateRoot,
        workspace_root: box.workspaceRoot,
        control_plane: { auth_enabled: false, bind_is_loopback: true },
        provider_readiness: { route_count: 1, ready_route_count: 1 },
      });
    }
  });

  it('of a bad value in a variable name the variable', async () => {
    const refused = await runKheish([], { env: { KHEISH_LOG_LEVEL: 'loud' } });
    expectRefusal(refused, 2, 'KHEISH_LOG_LEVEL');
  });
});

describe('the log', () => {
  it('has one JSON object a line, without any secret [holds log.no_secrets]', async () => {
    using box = sandbox();
    const canary = 'sk-canary-4242424242';
    const env = {
      KHEISH_DAEMON_ADMIN_TOKEN: canary,
      KHEISH_AUTH_STORE_MASTER_KEY: (await runKheish(['secrets', 'generate'])).stdout.trim(),
      KHEISH_LOG_LEVEL: 'trace',
    };
    await using daemon = await startDaemon({ sandbox: box, env });
    const client = { env: { ...at(daemon), KHEISH_DAEMON_TOKEN: canary } };
    await jsonOf(
      ['secrets', 'set', 'x', '--provider', 'generic', '--value', `${canary}-2`],
      client,
    );
    await jsonOf(['sessions', 'create', 'demo'], client);
    await jsonOf(['sessions', 'input', 'demo', `my key is ${canary}`, '--wait'], client);
    await runKheish(['sessions', 'get', canary], client);
    expect(await daemon.stop()).toBe(0);
    const lines = daemon.log.trimEnd().split('\n');
    const said = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(said.slice(0, 2)).toEqual([expect.stringContaining('the key that signs'), 'ready']);
    expect(said.at(-1)).toBe('stopped');
    expect(daemon.log).not.toContain('canary');
    expect(daemon.log).not.toContain(env.KHEISH_AUTH_STORE_MASTER_KEY);
  });

  it('is quiet where only errors are wanted, and for a person where it is pretty', async () => {
    using box = sandbox();
    await using daemon = await startDaemon({ sandbox: box });
    const busy = [
      '--bind',
      daemon.url.slice('http://'.length),
      '--state-root',
      `${box.stateRoot}2`,
    ];
    const workspace = ['--workspace-root', box.directory];
    const args = ['serve', ...busy, ...workspace];
    const quiet = await runKheish([...args, '--log-level', 'error']);
    expect(quiet.stderr).toMatch(/^Error: .*\n$/);
    const pretty = await runKheish([...args, '--log-format', 'pretty']);
    expect(pretty.stderr).toMatch(/^\[.*\] WARN: The state root .* lie within each other/m);
  });
});
