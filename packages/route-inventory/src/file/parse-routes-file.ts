import { parse, TomlError } from 'smol-toml';
import type { Route, RouteInventory } from '../route.ts';
import { readRoute, type Environment } from './read-route.ts';
import { invalidRoutesFile, refuseIn, type Refuse } from './refusal.ts';

/** Characters of a routes file. */
const MAX_LENGTH = 131_072;

const topKeys = ['version', 'default_route', 'routes'];

function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text, { integersAsBigInt: 'asNeeded' });
  } catch (thrown) {
    const at = thrown instanceof TomlError ? thrown : { line: 1, column: 1 };
    // No cause: the parser's message quotes the lines around the error, and a key may stand there.
    throw invalidRoutesFile(file, at, 'this is not valid TOML');
  }
}

function defaultRouteOf(
  value: unknown,
  routes: ReadonlyMap<string, Route>,
  refuse: Refuse,
): string {
  if (value !== undefined) {
    if (typeof value === 'string' && routes.has(value)) return value;
    return refuse(['default_route'], 'default_route names no route of this file');
  }
  const [only, second] = routes.keys();
  if (only === undefined) return refuse(['routes'], 'the file defines no route');
  return second === undefined
    ? only
    : refuse([], 'a file with several routes must set default_route');
}

/**
 * Reads a routes file (TOML, version 1). Throws `routes/invalid_routes_file` with file, line and column; no error
 * repeats anything that stands in the file.
 */
export function parseRoutesFile(
  text: string,
  options: { readonly file: string; readonly environment?: Environment },
): RouteInventory {
  const { file, environment = {} } = options;
  if (text.length > MAX_LENGTH) {
    throw invalidRoutesFile(
      file,
      { line: 1, column: 1 },
      `a routes file has at most ${MAX_LENGTH} characters`,
    );
  }
  const document = parseToml(text, file);
  const refuse = refuseIn(file, text);
  for (const key of Object.keys(document)) {
    if (!topKeys.includes(key)) refuse([key], 'a routes file has no such key at its top');
  }
  if (document['version'] !== undefined && document['version'] !== 1) {
    refuse(['version'], 'this build reads routes files of version 1');
  }
  const tables = document['routes'] ?? {};
  if (typeof tables !== 'object' || Array.isArray(tables) || tables instanceof Date) {
    return refuse(['routes'], 'routes is a table');
  }
  const routes = new Map<string, Route>();
  for (const [id, table] of Object.entries(tables)) {
    routes.set(id, readRoute(id, table, environment, refuse));
  }
  return { routes, defaultRoute: defaultRouteOf(document['default_route'], routes, refuse) };
}
