import { KheishError } from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRoutesFile } from '../file/parse-routes-file.ts';
import { emptyInventory, withDefaultRoute, type RouteInventory } from '../route.ts';
import { resolveSelector, routeOfPin, type RouteRequest } from './resolve-selector.ts';

const inventory = parseRoutesFile(
  `default_route = "anthropic"
[routes.anthropic]
driver = "anthropic"
default_model = "claude-a"
[routes.openai]
driver = "openai"
default_model = "gpt-a"
[routes.openrouter]
driver = "openrouter"
default_model = "openai/gpt-mini"
model_support = "any"
[routes.vendors]
driver = "openrouter"
default_model = "mistral/large"
[routes.google]
driver = "google"
default_model = "gemini-a"
[routes.xai]
driver = "xai"
default_model = "grok-a"
`,
  { file: 'routes.toml' },
);

function pinned(request: RouteRequest, of: RouteInventory = inventory): string {
  const pin = resolveSelector(of, request);
  expect(pin.driver).toBe(of.routes.get(pin.route_id)?.driver);
  return `${pin.route_id} ${pin.model}`;
}

function code(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof KheishError) return thrown.code;
    throw thrown;
  }
  return 'none';
}

describe('precedence', () => {
  const policy = { route_id: 'openai', generation: { model: 'gpt-policy' } };

  test.each<[string, RouteRequest, string]>([
    ['nothing: the default', {}, 'anthropic claude-a'],
    ['an empty policy: the default', { policy: {} }, 'anthropic claude-a'],
    ['policy', { policy }, 'openai gpt-policy'],
    ['policy route only', { policy: { route_id: 'openai' } }, 'openai gpt-a'],
    ['policy model only', { policy: { generation: { model: 'claude-b' } } }, 'anthropic claude-b'],
    ['run route over policy', { routeId: 'anthropic', policy }, 'anthropic claude-a'],
    ['run route as the policy has it', { routeId: 'openai', policy }, 'openai gpt-policy'],
    ['run model on the policy route', { model: 'gpt-run', policy }, 'openai gpt-run'],
    ['run selector over policy', { selector: 'anthropic/claude-r', policy }, 'anthropic claude-r'],
    ['plain selector on the policy route', { selector: 'gpt-run', policy }, 'openai gpt-run'],
  ])('%s', (_title, request, expected) => {
    expect(pinned(request)).toBe(expected);
  });
});

describe('selector', () => {
  test('the first slash splits, the rest keeps its slashes', () => {
    expect(pinned({ selector: 'openrouter/openai/gpt-5.4-mini' })).toBe(
      'openrouter openai/gpt-5.4-mini',
    );
  });

  test('a prefix that is no route belongs to the model', () => {
    expect(pinned({ selector: 'meta/llama', routeId: 'openrouter' })).toBe('openrouter meta/llama');
  });

  test('a model given as such is never split', () => {
    expect(pinned({ model: 'openai/gpt-x', routeId: 'openrouter' })).toBe(
      'openrouter openai/gpt-x',
    );
  });

  test.each(['openai/', 'openai/ ', '', ' '])('%j names no model', (selector) => {
    expect(code(() => pinned({ selector }))).toBe('routes/model_not_supported');
  });

  test('may agree with the selected route and model, and not differ', () => {
    expect(pinned({ selector: 'openai/gpt-x', routeId: 'openai', model: 'gpt-x' })).toBe(
      'openai gpt-x',
    );
    expect(code(() => pinned({ selector: 'openai/gpt-x', routeId: 'openrouter' }))).toBe(
      'routes/selector_conflict',
    );
    expect(code(() => pinned({ selector: 'openai/gpt-x', model: 'gpt-y' }))).toBe(
      'routes/selector_conflict',
    );
  });
});

describe('a fallback model', () => {
  const policy = { route_id: 'openai', generation: { fallback_model: 'gpt-f' } };
  const withRouteName = { route_id: 'openrouter', generation: { fallback_model: 'openai/gpt-f' } };

  test.each<[string, RouteRequest, string | undefined]>([
    ['a plain name', { fallbackModel: 'claude-f' }, 'claude-f'],
    ['of the selected route', { fallbackModel: 'anthropic/claude-f' }, 'claude-f'],
    ['of the selector', { selector: 'openai/gpt-x', fallbackModel: 'openai/gpt-f' }, 'gpt-f'],
    ['of the policy', { policy }, 'gpt-f'],
    ['of the policy, never split', { policy: withRouteName }, 'openai/gpt-f'],
    ['over the policy', { fallbackModel: 'gpt-own', policy }, 'gpt-own'],
    ['not the policy on another route', { routeId: 'anthropic', policy }, undefined],
    ['not the model itself', { model: 'claude-f', fallbackModel: 'claude-f' }, undefined],
  ])('%s', (_title, request, expected) => {
    expect(resolveSelector(inventory, request).fallback_model).toBe(expected);
  });

  test.each<[RouteRequest, string]>([
    [{ fallbackModel: 'openai/gpt-f' }, 'routes/selector_conflict'],
    [{ fallbackModel: 'gpt-f' }, 'routes/model_not_supported'],
    [{ fallbackModel: 'anthropic/' }, 'routes/model_not_supported'],
    [{ policy: { generation: { fallback_model: 'gpt-f' } } }, 'routes/model_not_supported'],
  ])('%o is refused', (request, expected) => {
    expect(code(() => resolveSelector(inventory, request))).toBe(expected);
  });
});

describe('refusals', () => {
  test('of an unknown route, wherever it is named', () => {
    expect(code(() => pinned({ routeId: 'gone' }))).toBe('routes/unknown_route');
    expect(code(() => pinned({ routeId: 'toString' }))).toBe('routes/unknown_route');
    expect(code(() => pinned({ policy: { route_id: 'gone' } }))).toBe('routes/unknown_route');
  });

  test('of a model outside the family', () => {
    expect(code(() => pinned({ model: 'gpt-x' }))).toBe('routes/model_not_supported');
    expect(code(() => pinned({ selector: 'openai/claude-x' }))).toBe('routes/model_not_supported');
    expect(code(() => pinned({ policy: { generation: { model: 'gpt-x' } } }))).toBe(
      'routes/model_not_supported',
    );
  });

  test.each([
    ['openai', 'gpt-9', true],
    ['openai', 'o1-pro', true],
    ['openai', 'o3', true],
    ['openai', 'x-gpt', false],
    ['anthropic', 'eu.claude-9', true],
    ['google', 'gemini-9-pro', true],
    ['google', 'gemma-9', false],
    ['xai', 'grok-9', true],
    ['xai', 'gpt-9', false],
    ['vendors', 'mistral/small', true],
    ['vendors', 'mistral', false],
    ['vendors', '/small', false],
    ['vendors', 'mistral/', false],
    ['vendors', 'openai/gpt', false],
    ['vendors', 'x-ai/grok', false],
    ['openrouter', 'openai/gpt', true],
  ])('family: %s takes %s: %s', (routeId, model, fits) => {
    expect(code(() => pinned({ routeId, model }))).toBe(
      fits ? 'none' : 'routes/model_not_supported',
    );
  });

  test('of everything where there is no route', () => {
    expect(code(() => resolveSelector(emptyInventory(), {}))).toBe('routes/no_routes');
    expect(code(() => resolveSelector(emptyInventory(), { routeId: 'a' }))).toBe(
      'routes/no_routes',
    );
  });
});

test('withDefaultRoute overrides the default, and refuses what is not there', () => {
  expect(pinned({}, withDefaultRoute(inventory, 'openai'))).toBe('openai gpt-a');
  expect(inventory.defaultRoute).toBe('anthropic');
  expect(code(() => withDefaultRoute(inventory, 'gone'))).toBe('routes/unknown_route');
  expect(code(() => withDefaultRoute(emptyInventory(), 'a'))).toBe('routes/unknown_route');
});

describe('a pin is checked again', () => {
  const pin = { route_id: 'openai', driver: 'openai', model: 'gpt-x' };

  test('and gives its route while nothing changed', () => {
    expect(routeOfPin(inventory, pin)).toBe(inventory.routes.get('openai'));
  });

  test('a missing route, another driver and a model out of family are refused', () => {
    expect(code(() => routeOfPin(inventory, { ...pin, route_id: 'gone' }))).toBe(
      'routes/unknown_route',
    );
    expect(code(() => routeOfPin(inventory, { ...pin, driver: 'anthropic' }))).toBe(
      'routes/unknown_route',
    );
    expect(code(() => routeOfPin(inventory, { ...pin, model: 'claude-x' }))).toBe(
      'routes/model_not_supported',
    );
  });
});

describe('whatever is asked', () => {
  const word = fc.constantFrom('anthropic', 'openai', 'openrouter', 'gone', 'gpt-x', 'claude-x');
  const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('/'));
  const requests: fc.Arbitrary<RouteRequest> = fc.record(
    {
      selector: name,
      routeId: word,
      model: name,
      policy: fc.record(
        { route_id: word, generation: fc.record({ model: name, fallback_model: name }) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );

  test('a pin names a route of the inventory that its own check accepts, or the refusal has a code', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const refused = code(() => pinned(request));
        fc.pre(refused === 'none' || !refused.startsWith('routes/'));
        const pin = resolveSelector(inventory, request);
        expect(routeOfPin(inventory, pin).id).toBe(pin.route_id);
        expect(request.routeId ?? pin.route_id).toBe(pin.route_id);
        expect(request.model ?? pin.model).toBe(pin.model);
      }),
      { numRuns: 300, maxSkipsPerRun: 100 },
    );
  });

  test('a route and a model that fit are what the run gets, whatever the policy says', () => {
    fc.assert(
      fc.property(requests, name, ({ policy }, model) => {
        const request = { routeId: 'openrouter', model, ...(policy && { policy }) };
        expect(pinned(request)).toBe(`openrouter ${model}`);
      }),
    );
  });
});
