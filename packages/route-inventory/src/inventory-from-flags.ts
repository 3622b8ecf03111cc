import { KheishError } from '@kheish/core-model';
import { baseUrlRefusal, normalBaseUrl } from './base-url.ts';
import { InlineKey, supportsModel, type Route, type RouteInventory } from './route.ts';

const defaultModels = {
  anthropic: 'claude-opus-4-6',
  google: 'gemini-2.5-flash',
  openai: 'gpt-5.4',
  openrouter: 'openai/gpt-5.4-mini',
  xai: 'grok-4-fast-reasoning',
} as const;
type FlagProvider = keyof typeof defaultModels;

/** What `--provider` and the flags beside it said. Base URLs of other providers than the chosen one are not used. */
export interface RouteFlags {
  readonly provider: string;
  readonly model?: string;
  readonly apiKey?: string;
  readonly baseUrls?: Readonly<Partial<Record<FlagProvider, string>>>;
  readonly organization?: string;
  readonly project?: string;
  readonly anthropicVersion?: string;
  readonly anthropicBetaHeaders?: readonly string[];
}

function refuse(sentence: string): never {
  throw new KheishError('config/invalid_configuration', `${sentence}.`);
}

function isFlagProvider(name: string): name is FlagProvider {
  return Object.hasOwn(defaultModels, name);
}

function checkedBaseUrl(text: string, provider: FlagProvider): string {
  const wrong = baseUrlRefusal(text);
  if (wrong !== undefined) refuse(`--${provider}-base-url must be ${wrong}`);
  return normalBaseUrl(text, provider);
}

/** One route, named after its provider. Throws `config/invalid_configuration`. */
export function inventoryFromFlags(flags: RouteFlags): RouteInventory {
  const { provider } = flags;
  if (!isFlagProvider(provider)) {
    return refuse(`--provider: the driver is one of ${Object.keys(defaultModels).join(', ')}`);
  }
  const model = flags.model ?? defaultModels[provider];
  // OpenRouter's models bear other vendors' names.
  const modelSupport = provider === 'openrouter' ? 'any' : 'family';
  if (!supportsModel({ driver: provider, modelSupport }, model)) {
    refuse(`--model "${model}" is not a model of ${provider}`);
  }
  if (flags.apiKey?.trim() === '') refuse('--api-key is blank');
  const baseUrl = flags.baseUrls?.[provider];
  const route: Route = {
    id: provider,
    driver: provider,
    defaultModel: model,
    modelSupport,
    credential:
      flags.apiKey === undefined
        ? { kind: 'none' }
        : { kind: 'inline', key: new InlineKey(flags.apiKey) },
    ...(baseUrl !== undefined && { baseUrl: checkedBaseUrl(baseUrl, provider) }),
    ...(provider === 'openai' && {
      ...(flags.organization !== undefined && { organization: flags.organization }),
      ...(flags.project !== undefined && { project: flags.project }),
    }),
    ...(provider === 'anthropic' && {
      ...(flags.anthropicVersion !== undefined && { anthropicVersion: flags.anthropicVersion }),
      ...(flags.anthropicBetaHeaders !== undefined && {
        anthropicBetaHeaders: flags.anthropicBetaHeaders,
      }),
    }),
    withheld: [],
  };
  return { routes: new Map([[route.id, route]]), defaultRoute: route.id };
}
