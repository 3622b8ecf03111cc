import type { ModelDriver } from '@kheish/core-model';
import { chatDrivers } from '../chat-completions/chat-driver.ts';
import { requiredKey } from '../credentials.ts';
import type { DriverConfig } from '../driver-config.ts';

const makeDriver = chatDrivers({
  name: 'xai',
  reasoningDetails: false,
  limit: 'max_completion_tokens',
  efforts: { minimal: 'low', xhigh: 'high' },
  reasoningBesideOutput: true,
});

/** xAI: Chat Completions with the reasoning in the open, and counted beside the output. */
export function xaiDriver(config: DriverConfig): ModelDriver {
  return makeDriver(
    config,
    (credentials) => requiredKey('xai', credentials),
    'https://api.x.ai/v1',
  );
}
