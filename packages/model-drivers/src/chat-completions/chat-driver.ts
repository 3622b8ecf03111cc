import type { ModelDriver } from '@kheish/core-model';
import { optionalKey, requiredKey } from '../credentials.ts';
import type { DriverConfig } from '../driver-config.ts';
import { type OfficialRoot, completeBaseUrl } from '../http/base-url.ts';
import { type Provider, streamCall } from '../http/provider-call.ts';
import type { ChatFlavour } from './chat-flavour.ts';
import { chatRequest } from './chat-prompt.ts';
import { chatReader } from './chat-reader.ts';

/** OpenRouter. */
export function openrouterDriver(config: DriverConfig): ModelDriver {
  const flavour = { name: 'openrouter', reasoningDetails: true };
  const apiKey = requiredKey(flavour.name, config.credentials);
  return chatDriver(flavour, config, apiKey, 'https://openrouter.ai/api/v1');
}

/** Ollama, vLLM, LM Studio, gateways: any server that speaks Chat Completions, with a key or without. */
export function openaiCompatibleDriver(config: DriverConfig): ModelDriver {
  const flavour = { name: 'openai_compatible', reasoningDetails: false };
  return chatDriver(flavour, config, optionalKey(config.credentials), undefined);
}

function chatDriver(
  flavour: ChatFlavour,
  config: DriverConfig,
  apiKey: string | undefined,
  official: OfficialRoot,
): ModelDriver {
  const provider: Provider = {
    driver: flavour.name,
    baseUrl: completeBaseUrl(config.baseUrl, official),
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    secrets: apiKey === undefined ? [] : [apiKey],
    egress: config.egress,
    clock: config.clock,
  };
  return {
    name: flavour.name,
    stream: (request, signal) =>
      streamCall(
        provider,
        '/chat/completions',
        chatRequest(request, flavour),
        // Unlike any earlier call's: the transcript grows with every answer.
        (emit, failed) =>
          chatReader(emit, failed, (index) => `call_${request.messages.length}_${index}`),
        signal,
      ),
  };
}
