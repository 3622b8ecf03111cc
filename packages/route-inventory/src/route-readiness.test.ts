import type { AuthProvider } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { parseRoutesFile } from './file/parse-routes-file.ts';
import { routeReadiness } from './route-readiness.ts';
import { capabilityMatrix, routeView } from './route.ts';

const models = {
  anthropic: 'claude-x',
  google: 'gemini-x',
  openai: 'gpt-x',
  openrouter: 'v/m',
  xai: 'grok-x',
  openai_compatible: 'm',
} as const;
type Driver = keyof typeof models;

function inventoryOf(driver: Driver, keys = 'auth_ref = "a.prod"') {
  const base = driver === 'openai_compatible' ? 'base_url = "http://h/v1"\n' : '';
  return parseRoutesFile(
    `[routes.a]\ndriver = "${driver}"\ndefault_model = "${models[driver]}"\n${base}${keys}`,
    { file: 'routes.toml' },
  );
}

function verdict(driver: Driver, slot: AuthProvider | undefined, keys?: string) {
  const slots = (id: string) =>
    id === 'a.prod' && slot !== undefined ? { provider: slot } : undefined;
  return routeReadiness(inventoryOf(driver, keys), slots)[0];
}

test.each<[Driver, AuthProvider]>([
  ['anthropic', 'anthropic'],
  ['openai', 'open_ai'],
  ['google', 'google'],
  ['openrouter', 'open_router'],
  ['xai', 'x_ai'],
  ['openai_compatible', 'generic'],
  ['openai_compatible', 'open_ai'],
])('%s is ready with a slot of %s', (driver, provider) => {
  expect(verdict(driver, provider)).toEqual({
    route_id: 'a',
    state: 'ok',
    code: 'ready',
    message: 'Route "a" is ready.',
  });
});

test.each<[Driver, AuthProvider]>([
  ['anthropic', 'open_ai'],
  ['anthropic', 'generic'],
  ['openai', 'generic'],
  ['google', 'x_ai'],
  ['openrouter', 'open_ai'],
  ['xai', 'google'],
  ['openai_compatible', 'anthropic'],
])('%s is not ready with a slot of %s', (driver, provider) => {
  expect(verdict(driver, provider)).toMatchObject({
    state: 'error',
    code: 'secret_provider_mismatch',
    message: `Route "a" has driver ${driver}, but its secret "a.prod" is of provider ${provider}.`,
  });
});

test.each<[Driver, string]>([
  ['anthropic', 'kheish secrets set a.prod --provider anthropic --from-env ANTHROPIC_API_KEY'],
  ['openai', 'kheish secrets set a.prod --provider openai --from-env OPENAI_API_KEY'],
  ['google', 'kheish secrets set a.prod --provider google --from-env GOOGLE_API_KEY'],
  ['xai', 'kheish secrets set a.prod --provider xai --from-env XAI_API_KEY'],
  ['openrouter', 'kheish secrets set a.prod --provider openrouter --from-env OPENROUTER_API_KEY'],
  ['openai_compatible', 'kheish secrets set a.prod --provider generic --stdin'],
])('%s without its slot says the command', (driver, action) => {
  expect(verdict(driver, undefined)).toEqual({
    route_id: 'a',
    state: 'error',
    code: 'missing_secret',
    message: 'Route "a" needs the secret "a.prod", which is not set.',
    action,
  });
});

test('before a start the command works on the state root', () => {
  const [first] = routeReadiness(inventoryOf('openai'), () => undefined, {
    program: 'kheish-daemon',
    stateRoot: "/srv/it's here",
  });
  expect(first?.action).toBe(
    `kheish-daemon secrets set a.prod --offline --state-root '/srv/it'\\''s here' --provider openai --from-env OPENAI_API_KEY`,
  );
});

test('without any credential only openai_compatible and scripted are ready', () => {
  expect(verdict('openai_compatible', undefined, '')?.state).toBe('ok');
  expect(verdict('openai', undefined, '')).toMatchObject({
    state: 'error',
    code: 'missing_credential',
  });
  expect(verdict('openai', undefined, 'api_key = "k"')?.state).toBe('ok');
  const scripted = parseRoutesFile('[routes.s]\ndriver = "scripted"', { file: 'f' });
  expect(routeReadiness(scripted, () => undefined)[0]?.state).toBe('ok');
});

function view(driver: Driver, keys: string) {
  const route = inventoryOf(driver, keys).routes.get('a');
  return route && routeView(route);
}

test('a view shows the reference and no key', () => {
  expect(view('anthropic', 'auth_ref = "a.prod"\nnative_web_search = false')).toEqual({
    route_id: 'a',
    provider: 'anthropic',
    model: 'claude-x',
    auth_ref: 'a.prod',
    capabilities: {
      matrix_version: 2,
      multimodal_input: true,
      native_web_search: false,
      image_generation: false,
      image_edit: false,
      audio_generation: false,
      transcription: false,
    },
  });
  const inline = view('openai', 'api_key = "sk-canary"');
  expect(inline).not.toHaveProperty('auth_ref');
  expect(JSON.stringify(inline)).not.toContain('canary');
});

test.each([
  ['anthropic', ['multimodal_input', 'native_web_search']],
  [
    'openai',
    [
      'multimodal_input',
      'native_web_search',
      'image_generation',
      'image_edit',
      'audio_generation',
      'transcription',
    ],
  ],
  [
    'openrouter',
    ['multimodal_input', 'image_generation', 'image_edit', 'audio_generation', 'transcription'],
  ],
  ['openai_compatible', ['multimodal_input']],
  ['scripted', []],
] as const)('matrix version 2: %s has %j', (driver, names) => {
  const { matrix_version, ...flags } = capabilityMatrix({ driver, withheld: [] });
  expect(matrix_version).toBe(2);
  expect(Object.entries(flags).flatMap(([name, on]) => (on ? [name] : []))).toEqual(names);
});
