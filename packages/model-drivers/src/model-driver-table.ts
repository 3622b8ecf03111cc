import type { ModelDriver } from '@kheish/core-model';
import type { DriverConfig } from './driver-config.ts';

type Load = () => Promise<(config: DriverConfig) => ModelDriver>;

/** Every driver by its name in the routes file, loaded when first used. */
export const modelDriverTable = {
  anthropic: async () => (await import('./anthropic/anthropic-driver.ts')).anthropicDriver,
  google: async () => (await import('./google/google-driver.ts')).googleDriver,
  openai: async () => (await import('./openai/openai-driver.ts')).openaiDriver,
  openai_compatible: async () =>
    (await import('./openai-compatible/openai-compatible-driver.ts')).openaiCompatibleDriver,
  openrouter: async () => (await import('./openrouter/openrouter-driver.ts')).openrouterDriver,
  scripted: async () => (await import('./scripted/scripted-driver.ts')).scriptedDriver,
  xai: async () => (await import('./xai/xai-driver.ts')).xaiDriver,
} as const satisfies Record<string, Load>;

export type ModelDriverName = keyof typeof modelDriverTable;

export const modelDriverNames = Object.keys(modelDriverTable) as readonly ModelDriverName[];
