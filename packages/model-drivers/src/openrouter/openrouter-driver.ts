import type { ModelDriver } from '@kheish/core-model';
import { chatDriver } from '../chat-completions/chat-driver.ts';
import { requiredKey } from '../credentials.ts';
import type { DriverConfig } from '../driver-config.ts';

/** OpenRouter. */
export function openrouterDriver(config: DriverConfig): ModelDriver {
  const flavour = { name: 'openrouter', reasoningDetails: true, limit: 'max_tokens' } as const;
  const apiKey = requiredKey(flavour.name, config.credentials);
  return chatDriver(flavour, config, apiKey, 'https://openrouter.ai/api/v1');
}
