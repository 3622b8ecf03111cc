import type { ModelDriver, ModelRequest } from '@kheish/core-model';
import type { DriverConfig } from '../driver-config.ts';
import { type OfficialRoot, completeBaseUrl } from '../http/base-url.ts';
import { type Provider, streamCall } from '../http/provider-call.ts';
import type { ChatFlavour } from './chat-flavour.ts';
import { chatEncoder } from './chat-prompt.ts';
import { chatReader } from './chat-reader.ts';

type MakeDriver = (
  config: DriverConfig,
  apiKey: string | undefined,
  official: OfficialRoot,
) => ModelDriver;

/** Makes the drivers for one kind of server that speaks Chat Completions; they share what they have encoded. */
export function chatDrivers(flavour: ChatFlavour): MakeDriver {
  const encode = chatEncoder(flavour);
  return (config, apiKey, official) => chatDriver(flavour, encode, config, apiKey, official);
}

function chatDriver(
  flavour: ChatFlavour,
  encode: (request: ModelRequest) => string,
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
        encode(request),
        // Unlike any earlier call's: the transcript grows with every answer.
        (emit, failed) =>
          chatReader(flavour, emit, failed, (index) => `call_${request.messages.length}_${index}`),
        signal,
      ),
  };
}
