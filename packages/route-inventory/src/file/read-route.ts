import * as v from 'valibot';
import { normalBaseUrl } from '../base-url.ts';
import { capabilityNames, driverTraits } from '../driver.ts';
import { InlineKey, supportsModel, type Route, type RouteCredential } from '../route.ts';
import type { Refuse } from './refusal.ts';
import {
  driversOfKey,
  exclusiveKeys,
  laterKeys,
  lineRefusal,
  RouteTable,
  type RouteKey,
} from './route-table.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Refuses a key at this place of the route's table. */
type RefuseKey = (key: string | undefined, sentence: string) => never;

function checkKeys(table: object, refuse: RefuseKey): void {
  for (const key of Object.keys(table)) {
    if (laterKeys.includes(key)) refuse(key, `this build does not support ${key} yet`);
    if (!Object.hasOwn(RouteTable.entries, key)) refuse(key, 'a route has no such key');
  }
}

function checkCombinations(table: RouteTable, refuse: RefuseKey): void {
  for (const [key, drivers] of Object.entries(driversOfKey)) {
    if (table[key as RouteKey] !== undefined && !drivers.includes(table.driver)) {
      refuse(key, `a route of driver ${table.driver} does not take ${key}`);
    }
  }
  for (const group of exclusiveKeys) {
    const given = group.filter((key) => table[key] !== undefined);
    if (given.length > 1) refuse(given[1], `a route takes only one of ${given.join(' and ')}`);
  }
  for (const name of capabilityNames) {
    if (table[name] === true && !driverTraits[table.driver].capabilities.includes(name)) {
      refuse(name, `the driver ${table.driver} has no ${name}, and a route can only narrow`);
    }
  }
  if (table.driver === 'openai_compatible' && table.base_url === undefined) {
    refuse(undefined, 'a route of driver openai_compatible needs a base_url');
  }
  if (table.model_support === 'family' && driverTraits[table.driver].family === undefined) {
    refuse('model_support', `the driver ${table.driver} has no model family`);
  }
}

function variable(
  table: RouteTable,
  key: 'api_key_env' | 'organization_env' | 'project_env',
  environment: Environment,
  refuse: RefuseKey,
): string | undefined {
  const name = table[key];
  if (name === undefined) return undefined;
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value === undefined) refuse(key, `the variable that ${key} names is not set`);
  const wrong = lineRefusal(value);
  if (wrong !== undefined) refuse(key, `the variable that ${key} names must be ${wrong}`);
  return value;
}

function defaultModel(table: RouteTable, modelSupport: Route['modelSupport'], refuse: RefuseKey) {
  const model = table.default_model ?? (table.driver === 'scripted' ? 'scripted' : undefined);
  if (model === undefined) refuse(undefined, 'the route has no default_model');
  if (!supportsModel({ driver: table.driver, modelSupport }, model)) {
    refuse(
      'default_model',
      `default_model is not of the ${table.driver} family, which model_support = "any" would allow`,
    );
  }
  return model;
}

/** The route that a `[routes.<id>]` table describes. */
export function readRoute(
  id: string,
  value: unknown,
  environment: Environment,
  refuseAt: Refuse,
): Route {
  const refuse: RefuseKey = (key, sentence) =>
    refuseAt(['routes', id, ...(key === undefined ? [] : [key])], sentence);
  if (!/^[^\s/\p{Cc}]{1,256}$/u.test(id)) {
    refuse(undefined, 'a route id has 1 to 256 characters, no white space and no slash');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(undefined, 'a route is a table');
  }
  checkKeys(value, refuse);
  if (!Object.hasOwn(value, 'driver')) refuse(undefined, 'the route has no driver');
  const result = v.safeParse(RouteTable, value, { abortEarly: true });
  if (!result.success) {
    const issue = result.issues[0];
    return refuse(String(issue.path?.[0].key), issue.message);
  }
  const table = result.output;
  checkCombinations(table, refuse);

  const modelSupport =
    table.model_support ?? (driverTraits[table.driver].family === undefined ? 'any' : 'family');
  const apiKey = table.api_key ?? variable(table, 'api_key_env', environment, refuse);
  const organization =
    table.organization ?? variable(table, 'organization_env', environment, refuse);
  const project = table.project ?? variable(table, 'project_env', environment, refuse);
  return {
    id,
    driver: table.driver,
    defaultModel: defaultModel(table, modelSupport, refuse),
    modelSupport,
    credential: credential(table.auth_ref, apiKey),
    ...(table.base_url !== undefined && { baseUrl: normalBaseUrl(table.base_url, table.driver) }),
    ...(organization !== undefined && { organization }),
    ...(project !== undefined && { project }),
    ...(table.anthropic_version !== undefined && { anthropicVersion: table.anthropic_version }),
    ...(table.anthropic_beta_headers !== undefined && {
      anthropicBetaHeaders: table.anthropic_beta_headers,
    }),
    ...(table.context_window !== undefined && { contextWindow: table.context_window }),
    ...(table.system_prompt !== undefined && { systemPrompt: table.system_prompt }),
    ...(table.prices !== undefined && { prices: table.prices }),
    withheld: capabilityNames.filter((name) => table[name] === false),
  };
}

function credential(authRef: string | undefined, apiKey: string | undefined): RouteCredential {
  if (authRef !== undefined) return { kind: 'slot', authRef };
  return apiKey === undefined ? { kind: 'none' } : { kind: 'inline', key: new InlineKey(apiKey) };
}
