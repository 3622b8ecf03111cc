import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { KheishError } from '@kheish/core-model';
import {
  type RouteInventory,
  emptyInventory,
  inventoryFromFlags,
  parseRoutesFile,
  withDefaultRoute,
} from '@kheish/route-inventory';
import type { ServeOptions, SingleRouteOptions } from '../serve-options.ts';

/** The inventory that the routes file or the single-route flags make; empty where there are neither. */
export function inventoryOf(
  options: Pick<ServeOptions, 'routesFile' | 'defaultRoute' | 'singleRoute' | 'environment'>,
): RouteInventory {
  const { routesFile, defaultRoute, singleRoute, environment } = options;
  const { provider, model, apiKey } = singleRoute;
  const single = provider !== undefined || model !== undefined || apiKey !== undefined;
  if (routesFile !== undefined && single) {
    throw new KheishError(
      'config/invalid_configuration',
      '--routes-file excludes --provider, --model and --api-key (and their variables): give one or the other.',
    );
  }
  const inventory =
    routesFile !== undefined
      ? parseRoutesFile(textOf(routesFile), { file: routesFile, environment })
      : single
        ? inventoryFromFlags(flagsOf(singleRoute, environment))
        : emptyInventory();
  return defaultRoute === undefined ? inventory : withDefaultRoute(inventory, defaultRoute);
}

function textOf(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(resolve(file)));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code !== undefined && /^E[A-Z]+$/.test(code) ? code : 'it is not UTF-8 text';
    throw new KheishError(
      'routes/invalid_routes_file',
      `The routes file ${file} cannot be read (${why}); give its path with --routes-file.`,
      { cause: error },
    );
  }
}

const keyVariables: Readonly<Record<string, string>> = {
  anthropic: 'ANTHROPIC_API_KEY',
  google: 'GOOGLE_API_KEY',
  openai: 'OPENAI_API_KEY',
  openrouter: 'OPENROUTER_API_KEY',
  xai: 'XAI_API_KEY',
};

/** Without `--api-key` the key is the one of the provider's usual variable. */
function flagsOf(single: SingleRouteOptions, environment: ServeOptions['environment']) {
  const { anthropicBaseUrl, googleBaseUrl, openaiBaseUrl, openrouterBaseUrl, xaiBaseUrl, ...rest } =
    single;
  const provider = single.provider ?? 'anthropic';
  const apiKey = single.apiKey ?? environment[keyVariables[provider] ?? ''];
  return {
    ...rest,
    provider,
    ...(apiKey !== undefined && { apiKey }),
    baseUrls: {
      ...(anthropicBaseUrl !== undefined && { anthropic: anthropicBaseUrl }),
      ...(googleBaseUrl !== undefined && { google: googleBaseUrl }),
      ...(openaiBaseUrl !== undefined && { openai: openaiBaseUrl }),
      ...(openrouterBaseUrl !== undefined && { openrouter: openrouterBaseUrl }),
      ...(xaiBaseUrl !== undefined && { xai: xaiBaseUrl }),
    },
    ...(single.openaiOrganization !== undefined && { organization: single.openaiOrganization }),
    ...(single.openaiProject !== undefined && { project: single.openaiProject }),
  };
}
