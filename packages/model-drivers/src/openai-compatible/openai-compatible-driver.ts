import type { ModelDriver } from '@kheish/core-model';
import { chatDriver } from '../chat-completions/chat-driver.ts';
import { optionalKey } from '../credentials.ts';
import type { DriverConfig } from '../driver-config.ts';

/** Ollama, vLLM, LM Studio, gateways: any server that speaks Chat Completions, with a key or without. */
export function openaiCompatibleDriver(config: DriverConfig): ModelDriver {
  // The older name of the limit is the one that every server knows.
  const flavour = {
    name: 'openai_compatible',
    reasoningDetails: false,
    limit: 'max_tokens',
  } as const;
  return chatDriver(flavour, config, optionalKey(config.credentials), undefined);
}
