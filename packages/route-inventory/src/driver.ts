import type { AuthProvider } from '@kheish/core-model';

export const routeDrivers = [
  'anthropic',
  'google',
  'openai',
  'openrouter',
  'xai',
  'openai_compatible',
  'scripted',
] as const;
export type RouteDriver = (typeof routeDrivers)[number];

export const capabilityNames = [
  'multimodal_input',
  'native_web_search',
  'image_generation',
  'image_edit',
  'audio_generation',
  'transcription',
] as const;
export type Capability = (typeof capabilityNames)[number];

interface DriverTraits {
  readonly capabilities: readonly Capability[];
  /** The models of the driver's own family; absent where a driver has none. */
  readonly family?: (model: string) => boolean;
  /** Providers whose slots hold a credential for this driver, the usual one first. */
  readonly slotProviders: readonly AuthProvider[];
  /** Tokens of a prompt and its answer, where the route does not say. */
  readonly contextWindow: number;
  readonly credential: 'required' | 'optional' | 'none';
  /** Its own API, as it stands when a base URL names the bare host only. */
  readonly officialApi?: string;
}

const otherVendors = ['anthropic', 'openai', 'google', 'xai', 'x-ai'];

function vendorOf(model: string): string | undefined {
  const slash = model.indexOf('/');
  return slash > 0 && slash < model.length - 1 ? model.slice(0, slash) : undefined;
}

export const driverTraits: Readonly<Record<RouteDriver, DriverTraits>> = {
  anthropic: {
    capabilities: ['multimodal_input', 'native_web_search'],
    family: (model) => model.includes('claude'),
    slotProviders: ['anthropic'],
    contextWindow: 200_000,
    credential: 'required',
    officialApi: 'https://api.anthropic.com/v1',
  },
  google: {
    capabilities: ['multimodal_input', 'image_generation', 'image_edit'],
    family: (model) => model.startsWith('gemini'),
    slotProviders: ['google'],
    contextWindow: 1_000_000,
    credential: 'required',
    officialApi: 'https://generativelanguage.googleapis.com/v1beta',
  },
  openai: {
    capabilities: capabilityNames,
    family: (model) => ['gpt', 'o1', 'o3', 'o4'].some((prefix) => model.startsWith(prefix)),
    slotProviders: ['open_ai'],
    contextWindow: 128_000,
    credential: 'required',
    officialApi: 'https://api.openai.com/v1',
  },
  openrouter: {
    capabilities: capabilityNames.filter((name) => name !== 'native_web_search'),
    family: (model) => {
      const vendor = vendorOf(model);
      return vendor !== undefined && !otherVendors.includes(vendor);
    },
    slotProviders: ['open_router'],
    contextWindow: 128_000,
    credential: 'required',
    officialApi: 'https://openrouter.ai/api/v1',
  },
  xai: {
    capabilities: ['multimodal_input', 'native_web_search', 'image_generation', 'image_edit'],
    family: (model) => model.startsWith('grok'),
    slotProviders: ['x_ai'],
    contextWindow: 128_000,
    credential: 'required',
    officialApi: 'https://api.x.ai/v1',
  },
  openai_compatible: {
    capabilities: ['multimodal_input'],
    slotProviders: ['generic', 'open_ai'],
    contextWindow: 128_000,
    credential: 'optional',
  },
  scripted: { capabilities: [], slotProviders: [], contextWindow: 128_000, credential: 'none' },
};
