import type { ModelDriver } from '@kheish/core-model';
import { chatDriver } from '../chat-completions/chat-driver.ts';
import { requiredKey } from '../credentials.ts';
import type { DriverConfig } from '../driver-config.ts';

/** xAI: Chat Completions with the reasoning in the open, and counted beside the output. */
export function xaiDriver(config: DriverConfig): ModelDriver {
  const flavour = {
    name: 'xai',
    reasoningDetails: false,
    limit: 'max_completion_tokens',
    efforts: { minimal: 'low', xhigh: 'high' },
    reasoningBesideOutput: true,
  } as const;
  const apiKey = requiredKey(flavour.name, config.credentials);
  return chatDriver(flavour, config, apiKey, 'https://api.x.ai/v1');
}
