import { KheishError } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { inventoryFromFlags, type RouteFlags } from './inventory-from-flags.ts';

function refused(flags: RouteFlags): KheishError {
  try {
    inventoryFromFlags(flags);
  } catch (thrown) {
    if (thrown instanceof KheishError) return thrown;
  }
  throw new Error('the flags were accepted');
}

test.each([
  ['anthropic', 'claude-opus-4-6', 'family'],
  ['google', 'gemini-2.5-flash', 'family'],
  ['openai', 'gpt-5.4', 'family'],
  ['openrouter', 'openai/gpt-5.4-mini', 'any'],
  ['xai', 'grok-4-fast-reasoning', 'family'],
])('--provider %s is one route with model %s', (provider, defaultModel, modelSupport) => {
  const inventory = inventoryFromFlags({ provider });
  expect(inventory.defaultRoute).toBe(provider);
  expect([...inventory.routes.values()]).toEqual([
    {
      id: provider,
      driver: provider,
      defaultModel,
      modelSupport,
      credential: { kind: 'none' },
      withheld: [],
    },
  ]);
});

test('the flags of the chosen provider reach its route, the others do not', () => {
  const flags = {
    apiKey: 'sk-1',
    baseUrls: { openai: 'http://127.0.0.1:1/', anthropic: 'https://api.anthropic.com' },
    organization: 'org',
    project: 'proj',
    anthropicVersion: 'v',
    anthropicBetaHeaders: ['b'],
  };
  const openai = inventoryFromFlags({ provider: 'openai', model: 'gpt-x', ...flags });
  const route = openai.routes.get('openai');
  expect(route).toEqual({
    id: 'openai',
    driver: 'openai',
    defaultModel: 'gpt-x',
    modelSupport: 'family',
    credential: { kind: 'inline', key: expect.anything() },
    baseUrl: 'http://127.0.0.1:1',
    organization: 'org',
    project: 'proj',
    withheld: [],
  });
  expect(route?.credential.kind === 'inline' && route.credential.key.reveal()).toBe('sk-1');

  const anthropic = inventoryFromFlags({ provider: 'anthropic', ...flags }).routes.get('anthropic');
  expect(anthropic).toMatchObject({
    baseUrl: 'https://api.anthropic.com/v1',
    anthropicVersion: 'v',
    anthropicBetaHeaders: ['b'],
  });
  expect(anthropic).not.toHaveProperty('organization');
});

test.each([
  ['google', 'https://generativelanguage.googleapis.com', '/v1beta'],
  ['xai', 'https://api.x.ai', '/v1'],
] as const)('the official host of %s is completed', (provider, host, version) => {
  const { routes } = inventoryFromFlags({ provider, baseUrls: { [provider]: host } });
  expect(routes.get(provider)?.baseUrl).toBe(host + version);
});

test.each<[RouteFlags, string]>([
  [
    { provider: 'toString' },
    '--provider: the driver is one of anthropic, google, openai, openrouter, xai.',
  ],
  [
    { provider: 'scripted' },
    '--provider: the driver is one of anthropic, google, openai, openrouter, xai.',
  ],
  [{ provider: 'anthropic', model: 'gpt-x' }, '--model "gpt-x" is not a model of anthropic.'],
  [{ provider: 'anthropic', apiKey: ' ' }, '--api-key is blank.'],
  [
    { provider: 'openai', baseUrls: { openai: 'http://u:secret@h' } },
    '--openai-base-url must be a URL without user name and password.',
  ],
])('%j is refused', (flags, message) => {
  expect(refused(flags)).toMatchObject({ code: 'config/invalid_configuration', message });
});
