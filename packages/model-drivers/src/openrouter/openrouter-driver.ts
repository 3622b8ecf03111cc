import type { ModelDriver } from '@kheish/core-model';
import { chatDrivers } from '../chat-completions/chat-driver.ts';
import { requiredKey } from '../credentials.ts';
import type { DriverConfig } from '../driver-config.ts';

const makeDriver = chatDrivers({ name: 'openrouter', reasoningDetails: true, limit: 'max_tokens' });

/** OpenRouter. */
export function openrouterDriver(config: DriverConfig): ModelDriver {
  return makeDriver(
    config,
    (credentials) => requiredKey('openrouter', credentials),
    'https://openrouter.ai/api/v1',
  );
}
