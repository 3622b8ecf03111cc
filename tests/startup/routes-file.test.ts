import { chmodSync, existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Sandbox, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { at, expectRefusal, jsonOf, runKheish } from '../harness/kheish-command.ts';

const canary = 'sk-canary-4242424242';
const two = 'version = 1\n[routes.a]\ndriver = "scripted"\n[routes.b]\ndriver = "scripted"\n';

function serve(box: Sandbox, ...more: string[]) {
  const roots = ['--state-root', box.stateRoot, '--workspace-root', box.workspaceRoot];
  return runKheish(['serve', '--bind', '127.0.0.1:0', ...roots, ...more]);
}

describe('a routes file that cannot be used', () => {
  it.each([
    [
      'is not TOML',
      `version = 1\n[routes.a]\napi_key = "${canary}\n`,
      /line 3, column \d+: .*TOML/,
    ],
    [
      'has an unknown key',
      `version = 1\n\n[routes.a]\ndriver = "scripted"\nextra = "${canary}"\n`,
      'line 5, column 1: a route has no such key.',
    ],
    ['has an unknown key at its top', `version = 1\nextra = "${canary}"\n`, 'line 2, column 1: '],
    [
      'has an unknown driver',
      `version = 1\n[routes.a]\ndriver = "${canary}"\n`,
      'line 3, column 1: ',
    ],
    [
      'has a value of another type',
      `version = 1\n[routes.a]\ndriver = "openai"\napi_key = ["${canary}"]\n`,
      'line 4, column 1: ',
    ],
    [
      'is of another version',
      `version = 2\n[routes.a]\ndriver = "scripted"\n`,
      'line 1, column 1: this build reads routes files of version 1.',
    ],
    ['names no default among several', two, 'a file with several routes must set default_route.'],
    [
      'defaults to a route that it does not have',
      `default_route = "${canary}"\n${two}`,
      'line 1, column 1: default_route names no route of this file.',
    ],
    ['has no route', 'version = 1\n', 'the file defines no route.'],
  ])(
    'is refused where it %s: with the position, never the content [holds routes.refusals_name_the_place]',
    async (_, text, says) => {
      using box = sandbox();
      const file = box.file('routes.toml', text);
      const refused = await serve(box, '--routes-file', file);
      expectRefusal(refused, 2, says, canary);
      expect(refused.stderr).toContain(`${file}, line `);
      expect(existsSync(box.stateRoot)).toBe(false);
    },
  );

  it('is refused where it is missing, a directory, or not text', async () => {
    using box = sandbox();
    const missing = `${box.directory}/none.toml`;
    expectRefusal(
      await serve(box, '--routes-file', missing),
      2,
      `The routes file ${missing} cannot be read (ENOENT); give its path`,
    );
    expectRefusal(await serve(box, '--routes-file', box.directory), 2, 'cannot be read (EISDIR)');
    const binary = box.file('binary.toml', '');
    chmodSync(binary, 0o600);
    const { writeFileSync } = await import('node:fs');
    writeFileSync(binary, Buffer.from([0xff, 0xfe, 0x00]));
    expectRefusal(
      await serve(box, '--routes-file', binary),
      2,
      'cannot be read (it is not UTF-8 text)',
    );
  });
});

it('a routes file may have keys in it or in variables, for every driver [holds routes.drivers]', async () => {
  using box = sandbox();
  const routesFile = box.file(
    'routes.toml',
    `version = 1
default_route = "local"
[routes.local]
driver = "openai_compatible"
base_url = "http://127.0.0.1:9/v1"
default_model = "anything"
[routes.claude]
driver = "anthropic"
default_model = "claude-sonnet-4-6"
api_key = "${canary}"
[routes.gpt]
driver = "openai"
default_model = "gpt-5.4"
api_key_env = "SOME_KEY"
[routes.any]
driver = "openrouter"
default_model = "openai/gpt-5.4-mini"
model_support = "any"
api_key_env = "SOME_KEY"
[routes.gem]
driver = "google"
default_model = "gemini-2.5-flash"
api_key_env = "SOME_KEY"
[routes.grok]
driver = "xai"
default_model = "grok-4-fast-reasoning"
api_key = "${canary}"
[routes.script]
driver = "scripted"
`,
  );
  await using daemon = await startDaemon({ sandbox: box, routesFile, env: { SOME_KEY: canary } });
  const runtime = await jsonOf<{ route_diagnostics: { state: string }[] }>(['runtime', 'get'], {
    env: at(daemon),
  });
  expect(runtime).toMatchObject({ route_id: 'local', model: 'anything' });
  const states = runtime.route_diagnostics.map(({ state }) => state);
  expect(states).toEqual(Array.from({ length: 7 }, () => 'ok'));
  expect(JSON.stringify(runtime)).not.toContain(canary);
});

describe('--default-route', () => {
  it('does not stand in for a missing default_route [holds routes.default_is_in_the_file]', async () => {
    using box = sandbox();
    const file = box.file('routes.toml', two);
    const refused = await serve(box, '--routes-file', file, '--default-route', 'a');
    expectRefusal(refused, 2, 'a file with several routes must set default_route.');
  });

  it('names a route of the file', async () => {
    using box = sandbox();
    const file = box.file('routes.toml', `default_route = "a"\n${two}`);
    const refused = await serve(box, '--routes-file', file, '--default-route', 'c');
    expectRefusal(refused, 2, /c/);
    expectRefusal(await serve(box, '--default-route', 'a'), 2, /a/);
  });
});

describe('the single-route flags', () => {
  it.each([
    [['--provider', 'clippy'], 2, 'the driver is one of anthropic, google,'],
    [
      ['--provider', 'openai', '--model', 'claude-1', '--api-key', canary],
      2,
      'is not a model of openai',
    ],
    [
      ['--provider', 'openai', '--api-key', canary, '--openai-base-url', 'ftp://x'],
      2,
      '--openai-base-url must be',
    ],
    [['--provider', 'openai'], 2, 'Route "openai" has no credential'],
  ])('%s are refused', async (flags, code, says) => {
    using box = sandbox();
    expectRefusal(await serve(box, ...flags), code, says, canary);
  });

  it('do not go with a routes file', async () => {
    using box = sandbox();
    const file = box.file('routes.toml', `default_route = "a"\n${two}`);
    const refused = await serve(box, '--routes-file', file, '--provider', 'openai');
    expectRefusal(refused, 2, '--routes-file excludes --provider');
  });
});
