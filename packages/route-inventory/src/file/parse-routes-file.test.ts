import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { KheishError } from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { capabilityMatrix, contextWindowOf, type Route } from '../route.ts';
import { parseRoutesFile } from './parse-routes-file.ts';

function read(text: string, environment = {}) {
  return parseRoutesFile(text, { file: 'routes.toml', environment });
}

function thrownBy(text: string, environment = {}): unknown {
  try {
    read(text, environment);
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}

function refusal(text: string, environment = {}): KheishError {
  const thrown = thrownBy(text, environment);
  expect(thrown).toBeInstanceOf(KheishError);
  const error = thrown as KheishError;
  expect([error.code, error.cause]).toEqual(['routes/invalid_routes_file', undefined]);
  return error;
}

function only(keys: string, environment = {}): Route {
  const route = read(`[routes.a]\n${keys}`, environment).routes.get('a');
  if (route === undefined) throw new Error('no route');
  return route;
}

const anthropic = 'driver = "anthropic"\ndefault_model = "claude-x"\n';
const openai = 'driver = "openai"\ndefault_model = "gpt-x"\n';
const compatible =
  'driver = "openai_compatible"\ndefault_model = "m"\nbase_url = "http://10.0.0.5:8000/v1"\n';

test('the shipped file has two routes and names its default', () => {
  const path = new URL('../../../../routes.default.toml', import.meta.url);
  const inventory = parseRoutesFile(readFileSync(path, 'utf8'), { file: 'routes.default.toml' });
  expect(inventory.defaultRoute).toBe('anthropic');
  expect([...inventory.routes.values()]).toEqual([
    {
      id: 'anthropic',
      driver: 'anthropic',
      defaultModel: 'claude-sonnet-4-6',
      modelSupport: 'family',
      credential: { kind: 'slot', authRef: 'anthropic.prod' },
      withheld: [],
    },
    {
      id: 'openai',
      driver: 'openai',
      defaultModel: 'gpt-5.4',
      modelSupport: 'family',
      credential: { kind: 'slot', authRef: 'openai.prod' },
      withheld: [],
    },
  ]);
});

test('an OpenRouter route takes vendor-prefixed models with model_support any', () => {
  const route = only(
    'driver = "openrouter"\ndefault_model = "openai/gpt-5.4-mini"\nmodel_support = "any"\nauth_ref = "openrouter.prod"',
  );
  expect(route).toMatchObject({ defaultModel: 'openai/gpt-5.4-mini', modelSupport: 'any' });
});

describe('the default route', () => {
  const two = `[routes.a]\n${anthropic}[routes.b]\n${openai}`;

  test('is the only route where there is one', () => {
    expect(read(`version = 1\n[routes.a]\n${anthropic}`).defaultRoute).toBe('a');
  });

  test('must be set where there are several', () => {
    expect(refusal(two).message).toBe(
      'routes.toml, line 1, column 1: a file with several routes must set default_route.',
    );
    expect(read(`default_route = "b"\n${two}`).defaultRoute).toBe('b');
  });

  test.each(['"c"', '""', '"toString"', '1'])('must name a route: %s', (value) => {
    expect(refusal(`version = 1\ndefault_route = ${value}\n${two}`).message).toBe(
      'routes.toml, line 2, column 1: default_route names no route of this file.',
    );
  });

  test.each(['', 'version = 1', '[routes]'])('needs a route at all: %j', (text) => {
    expect(refusal(text).message).toMatch(/the file defines no route\.$/);
  });
});

describe('refusals', () => {
  test.each([
    ['version = 2', 1, 'this build reads routes files of version 1'],
    ['version = "1"', 1, 'this build reads routes files of version 1'],
    ['\nroutez = 1', 2, 'a routes file has no such key at its top'],
    ['routes = 1', 1, 'routes is a table'],
    ['[[routes]]', 1, 'routes is a table'],
    ['routes = 1979-05-27', 1, 'routes is a table'],
    ['[routes]\na = 3', 2, 'a route is a table'],
    ['[[routes.a]]', 1, 'a route is a table'],
    ['[routes."a b"]', 1, 'a route id has 1 to 256 characters, no white space and no slash'],
    ['[routes."a/b"]', 1, 'a route id has 1 to 256 characters, no white space and no slash'],
    ['[routes.""]', 1, 'a route id has 1 to 256 characters, no white space and no slash'],
  ])('%j', (text, line, sentence) => {
    expect(refusal(text).message).toBe(`routes.toml, line ${line}, column 1: ${sentence}.`);
  });

  test.each([
    ['default_model = "m"', 1, 'the route has no driver'],
    [
      'driver = "gooogle"',
      2,
      'the driver is one of anthropic, google, openai, openrouter, xai, openai_compatible, scripted',
    ],
    ['driver = "openai"', 1, 'the route has no default_model'],
    ['driver = "openai"\ndefault_model = " "', 3, 'default_model is one line and not blank'],
    ['driver = "openai"\ndefault_model = 7', 3, 'default_model is a text'],
    [
      'driver = "openai"\ndefault_model = "claude-x"',
      3,
      'default_model is not of the openai family, which model_support = "any" would allow',
    ],
    [`${openai}model_support = "some"`, 4, 'model_support is family or any'],
    [`${openai}constructor = 1`, 4, 'a route has no such key'],
    [`${openai}api_kee = "x"`, 4, 'a route has no such key'],
    [
      `${openai}openai_auth_source = "codex"`,
      4,
      'this build does not support openai_auth_source yet',
    ],
    [
      `${anthropic}anthropic_credentials_file = "f"`,
      4,
      'this build does not support anthropic_credentials_file yet',
    ],
    [`${openai}auth_ref = " openai.prod"`, 4, 'auth_ref is not the name of a secret'],
    [`${openai}auth_ref = "r"\napi_key = "k"`, 5, 'a route takes only one of auth_ref and api_key'],
    [
      `${openai}auth_ref = "r"\napi_key_env = "K"`,
      5,
      'a route takes only one of auth_ref and api_key_env',
    ],
    [
      `${openai}api_key = "k"\napi_key_env = "K"`,
      5,
      'a route takes only one of api_key and api_key_env',
    ],
    [`${openai}api_key = ""`, 4, 'api_key is one line and not blank'],
    [`${openai}api_key = "a\\nb"`, 4, 'api_key is one line and not blank'],
    [`${openai}api_key_env = "MISSING"`, 4, 'the variable that api_key_env names is not set'],
    [`${openai}api_key_env = "toString"`, 4, 'the variable that api_key_env names is not set'],
    [`${openai}api_key_env = "BLANK"`, 4, 'the variable that api_key_env names must be not blank'],
    [
      `${openai}api_key_env = "LINES"`,
      4,
      'the variable that api_key_env names must be one line without control characters',
    ],
    [
      `${openai}organization = "o"\norganization_env = "O"`,
      5,
      'a route takes only one of organization and organization_env',
    ],
    [
      `${openai}project = "o"\nproject_env = "O"`,
      5,
      'a route takes only one of project and project_env',
    ],
    [`${anthropic}organization = "o"`, 4, 'a route of driver anthropic does not take organization'],
    [
      `${openai}anthropic_version = "v"`,
      4,
      'a route of driver openai does not take anthropic_version',
    ],
    [
      `${anthropic}anthropic_beta_headers = ["a", ""]`,
      4,
      'each of anthropic_beta_headers is one line and not blank',
    ],
    [`${anthropic}anthropic_beta_headers = "a"`, 4, 'anthropic_beta_headers is a list of texts'],
    [`${anthropic}system_prompt = "\\n"`, 4, 'system_prompt is not blank'],
    [
      `${anthropic}transcription = true`,
      4,
      'the driver anthropic has no transcription, and a route can only narrow',
    ],
    [`${openai}transcription = "no"`, 4, 'transcription is true or false'],
    [
      'driver = "openai_compatible"\ndefault_model = "m"',
      1,
      'a route of driver openai_compatible needs a base_url',
    ],
    [
      `${compatible}model_support = "family"`,
      5,
      'the driver openai_compatible has no model family',
    ],
    ['driver = "scripted"\napi_key = "k"', 3, 'a route of driver scripted does not take api_key'],
    [
      'driver = "scripted"\nbase_url = "http://h"',
      3,
      'a route of driver scripted does not take base_url',
    ],
  ])('%j', (keys, line, sentence) => {
    const environment = { BLANK: ' ', LINES: 'a\nb' };
    expect(refusal(`[routes.a]\n${keys}`, environment).message).toBe(
      `routes.toml, line ${line}, column 1: ${sentence}.`,
    );
  });

  test('of TOML itself say where, and nothing more', () => {
    const error = refusal('version = 1\napi_key = sk-canary\n');
    expect(error.message).toBe('routes.toml, line 2, column 11: this is not valid TOML.');
  });

  test('of a file beyond the limit come before reading it', () => {
    expect(refusal(`# ${'x'.repeat(131_072)}`).message).toMatch(/at most 131072 characters\.$/);
  });

  test('the column is where the statement begins, also inside an indented or inline table', () => {
    expect(refusal('[routes.a]\n  driver = "openai"\n  bad = 1').message).toContain(
      'line 3, column 3:',
    );
    expect(refusal('routes.a = { driver = "openai", bad = 1 }').message).toContain(
      'line 1, column 1:',
    );
    expect(
      refusal(`[routes.a]\n${openai}system_prompt = """\nbad = 1\n"""\n\n# c\nbad = 1`).message,
    ).toContain('line 9, column 1:');
  });
});

describe('base_url', () => {
  test.each([
    ['10.0.0.5/v1', 'an absolute http or https URL'],
    ['ftp://h/v1', 'an absolute http or https URL'],
    ['http:///v1', 'an absolute http or https URL'],
    ['http://h:99999', 'an absolute http or https URL'],
    ['http://h/ v1', 'an absolute http or https URL'],
    ['http://u@h/v1', 'a URL without user name and password'],
    ['http://u:p@h/v1', 'a URL without user name and password'],
    ['http://@h/v1', 'a URL without user name and password'],
    ['http://h/v1?', 'a URL without query and fragment'],
    ['http://h/v1#x', 'a URL without query and fragment'],
  ])('%s is refused', (url, sentence) => {
    expect(refusal(`[routes.a]\n${openai}base_url = "${url}"`).message).toBe(
      `routes.toml, line 4, column 1: base_url is ${sentence}.`,
    );
  });

  test.each([
    [openai, 'https://api.openai.com', 'https://api.openai.com/v1'],
    [openai, 'https://api.openai.com/v1/', 'https://api.openai.com/v1'],
    [openai, 'http://127.0.0.1:4100', 'http://127.0.0.1:4100'],
    [anthropic, 'https://API.anthropic.com/', 'https://api.anthropic.com/v1'],
    [anthropic, 'https://api.openai.com', 'https://api.openai.com'],
  ])('%s%s', (keys, url, base) => {
    expect(only(`${keys}base_url = "${url}"`).baseUrl).toBe(base);
  });
});

test('keys may come from the environment', () => {
  const route = only(`${openai}api_key_env = "K"\norganization_env = "O"\nproject_env = "P"\n`, {
    K: 'sk-1',
    O: 'org',
    P: 'proj',
  });
  expect(route).toMatchObject({ organization: 'org', project: 'proj' });
  expect(route.credential.kind === 'inline' && route.credential.key.reveal()).toBe('sk-1');
});

test('an inline key is not printed', () => {
  const inventory = read(`[routes.a]\n${openai}api_key = "sk-canary"`);
  expect(inspect(inventory, { depth: 9, showHidden: true })).not.toContain('canary');
  expect(JSON.stringify([...inventory.routes.values()])).not.toContain('canary');
});

test('a route has the window that it says, or else that of its driver', () => {
  expect(contextWindowOf(only(`${anthropic}context_window = 1000000`))).toBe(1_000_000);
  expect(contextWindowOf(only(anthropic))).toBe(200_000);
  expect(contextWindowOf(only(compatible))).toBe(128_000);
  for (const wrong of ['999', '1000.5', '"large"']) {
    expect(refusal(`[routes.a]\n${anthropic}context_window = ${wrong}`).message).toContain(
      'context_window is ',
    );
  }
});

test('a scripted route needs a driver only', () => {
  expect(only('driver = "scripted"')).toEqual({
    id: 'a',
    driver: 'scripted',
    defaultModel: 'scripted',
    modelSupport: 'any',
    credential: { kind: 'none' },
    withheld: [],
  });
});

test('an anthropic route carries its tuning and its prompt', () => {
  expect(
    only(
      `${anthropic}anthropic_version = "2023-06-01"\nanthropic_beta_headers = ["b1", "b2"]\nsystem_prompt = "Be brief.\\nBe kind."`,
    ),
  ).toMatchObject({
    anthropicVersion: '2023-06-01',
    anthropicBetaHeaders: ['b1', 'b2'],
    systemPrompt: 'Be brief.\nBe kind.',
  });
});

test.each([
  ['google', 'gemini-x', 'multimodal_input image_generation image_edit'],
  ['xai', 'grok-x', 'multimodal_input native_web_search image_generation image_edit'],
])('%s offers %s no more than its driver has', (driver, model, offered) => {
  const keys = `driver = "${driver}"\ndefault_model = "${model}"\n`;
  const matrix = capabilityMatrix(only(keys));
  const names = Object.entries(matrix).flatMap(([name, on]) => (on === true ? [name] : []));
  expect(names.join(' ')).toBe(offered);
});

test('overrides narrow the matrix', () => {
  expect(capabilityMatrix(only(`${openai}image_generation = false\ntranscription = true`))).toEqual(
    {
      matrix_version: 2,
      multimodal_input: true,
      native_web_search: true,
      image_generation: false,
      image_edit: true,
      audio_generation: true,
      transcription: true,
    },
  );
});

describe('canary', () => {
  const canary = 'sk-canary-7f3a';
  const fragments = [
    `${canary} = 1`,
    `"${canary}" = 1`,
    `api_key = ${canary}`,
    `api_key = "${canary}`,
    `api_key = "${canary}"`,
    `api_key_env = "${canary}"`,
    `auth_ref = " ${canary}"`,
    `driver = "${canary}"`,
    `default_model = "${canary}"`,
    `base_url = "https://${canary}@h"`,
    `base_url = "${canary}"`,
    `model_support = "${canary}"`,
    `default_route = "${canary}"`,
    `version = "${canary}"`,
    `[routes."a ${canary}"]`,
    `[routes.${canary}]`,
    `[${canary}]`,
    `[routes.a]`,
    'driver = "openai"',
    'default_model = "gpt-x"',
    `project = ["${canary}"]`,
    `anthropic_beta_headers = ["${canary}", 1]`,
    `transcription = "${canary}"`,
    `system_prompt = """\n${canary}\n`,
  ];

  test('no error text repeats anything of the file', () => {
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...fragments), { minLength: 1, maxLength: 7 }),
        (lines) => {
          const thrown = thrownBy(lines.join('\n'));
          if (thrown !== undefined) refused += 1;
          expect(inspect(thrown, { depth: 9 })).not.toContain(canary);
          expect(thrown === undefined || thrown instanceof KheishError).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(300);
  });
});
