import type { ServeOptions } from '@kheish/daemon';
import { CommanderError } from 'commander';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runHere } from '../testing/run-cli.ts';

const served = vi.hoisted(() => vi.fn<(options: ServeOptions) => Promise<void>>());
vi.mock('@kheish/daemon', () => ({ serve: served }));

beforeEach(() => {
  for (const name of Object.keys(process.env)) {
    if (/^(KHEISH|ANTHROPIC|OPENAI|OPENROUTER)_/.test(name)) vi.stubEnv(name, undefined);
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  served.mockReset();
});

async function optionsOf(...args: string[]): Promise<ServeOptions> {
  await runHere(...args);
  const [options] = served.mock.lastCall ?? [];
  return options!;
}

test('has the documented defaults', async () => {
  const { environment: _, ...options } = await optionsOf('serve');
  expect(options).toEqual({
    bind: '127.0.0.1:4000',
    stateRoot: '.kheish-daemon',
    httpAuthMode: 'auto',
    logFormat: 'auto',
    logLevel: 'info',
    drainTimeoutMs: 10_000,
    singleRoute: {},
    corsAllowOrigins: [],
    adminToken: {},
    readonlyToken: {},
    masterKeySource: {},
    signingKeySource: {},
  });
});

test('takes every flag to its place', async () => {
  const flags = {
    '--bind': 'b',
    '--state-root': 's',
    '--workspace-root': 'w',
    '--routes-file': 'rf',
    '--default-route': 'dr',
    '--provider': 'p',
    '--model': 'm',
    '--api-key': 'k',
    '--anthropic-base-url': 'a',
    '--google-base-url': 'g',
    '--openai-base-url': 'o',
    '--openrouter-base-url': 'or',
    '--xai-base-url': 'x',
    '--anthropic-version': 'av',
    '--anthropic-beta-header': 'b1,b2',
    '--openai-organization': 'oo',
    '--openai-project': 'op',
    '--http-auth-mode': 'bearer',
    '--http-admin-token': 'at',
    '--http-readonly-token-file': 'rtf',
    '--http-cors-allow-origin': 'http://a,http://b',
    '--log-format': 'json',
    '--log-level': 'debug',
    '--drain-timeout-ms': '0',
  };
  const { environment: _, ...options } = await optionsOf('start', ...Object.entries(flags).flat());
  expect(options).toEqual({
    bind: 'b',
    stateRoot: 's',
    workspaceRoot: 'w',
    routesFile: 'rf',
    defaultRoute: 'dr',
    singleRoute: {
      provider: 'p',
      model: 'm',
      apiKey: 'k',
      anthropicBaseUrl: 'a',
      googleBaseUrl: 'g',
      openaiBaseUrl: 'o',
      openrouterBaseUrl: 'or',
      xaiBaseUrl: 'x',
      anthropicVersion: 'av',
      anthropicBetaHeaders: ['b1', 'b2'],
      openaiOrganization: 'oo',
      openaiProject: 'op',
    },
    httpAuthMode: 'bearer',
    corsAllowOrigins: ['http://a', 'http://b'],
    adminToken: { value: 'at' },
    readonlyToken: { file: 'rtf' },
    logFormat: 'json',
    logLevel: 'debug',
    drainTimeoutMs: 0,
    masterKeySource: {},
    signingKeySource: {},
  });
});

test('reads the environment where there is no flag; a variable set to nothing is not set', async () => {
  vi.stubEnv('KHEISH_BIND', 'env');
  vi.stubEnv('KHEISH_STATE_ROOT', 'env-root');
  vi.stubEnv('KHEISH_ROUTES_FILE', '');
  vi.stubEnv('KHEISH_DRAIN_TIMEOUT_MS', '7');
  vi.stubEnv('ANTHROPIC_BETA_HEADERS', 'x,y');
  vi.stubEnv('KHEISH_HTTP_CORS_ALLOW_ORIGINS', '');
  vi.stubEnv('KHEISH_DAEMON_ADMIN_TOKEN_FILE', 'env-file');
  const options = await optionsOf('serve', '--bind', 'flag', '--http-admin-token', 'flag');
  expect(options).toMatchObject({
    bind: 'flag',
    stateRoot: 'env-root',
    drainTimeoutMs: 7,
    corsAllowOrigins: [],
    adminToken: { value: 'flag' },
    singleRoute: { anthropicBetaHeaders: ['x', 'y'] },
  });
  expect(options).not.toHaveProperty('routesFile');
});

test('takes the master key out of the environment, and hands no token on', async () => {
  vi.stubEnv('KHEISH_AUTH_STORE_MASTER_KEY', 'key');
  vi.stubEnv('KHEISH_DAEMON_ADMIN_TOKEN', 'admin');
  vi.stubEnv('SOME_PROVIDER_KEY', 'for api_key_env');
  const { masterKeySource, environment } = await optionsOf('serve');
  expect(masterKeySource).toEqual({ inline: 'key' });
  expect(process.env).not.toHaveProperty('KHEISH_AUTH_STORE_MASTER_KEY');
  expect(environment).toMatchObject({ SOME_PROVIDER_KEY: 'for api_key_env' });
  expect(Object.values(environment)).not.toContain('key');
  expect(Object.values(environment)).not.toContain('admin');
});

test('refuses unknown flags, surplus words and two forms of one token', async () => {
  await expect(runHere('serve', '--mcp-profile', 'docs')).rejects.toThrow(CommanderError);
  await expect(runHere('serve', 'surplus')).rejects.toThrow(CommanderError);
  const both = ['--http-admin-token', 't', '--http-admin-token-file', 'f'];
  await expect(runHere('serve', ...both)).rejects.toThrow(/either --http-admin-token or/);
  expect(served).not.toHaveBeenCalled();
});
