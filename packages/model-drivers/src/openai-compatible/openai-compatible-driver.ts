import type { ModelDriver } from '@kheish/core-model';
import { chatDrivers } from '../chat-completions/chat-driver.ts';
import { optionalKey } from '../credentials.ts';
import type { DriverConfig } from '../driver-config.ts';

const makeDriver = chatDrivers({
  name: 'openai_compatible',
  reasoningDetails: false,
  // The older name is the one that every server knows.
  limit: 'max_tokens',
});

/** Ollama, vLLM, LM Studio, gateways: any server that speaks Chat Completions, with a key or without. */
export function openaiCompatibleDriver(config: DriverConfig): ModelDriver {
  return makeDriver(config, optionalKey, undefined);
}
