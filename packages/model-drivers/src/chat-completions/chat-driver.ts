import type { ModelDriver } from '@kheish/core-model';
import type { DriverConfig } from '../driver-config.ts';
import { type OfficialRoot, completeBaseUrl } from '../http/base-url.ts';
import { type Provider, streamCall } from '../http/provider-call.ts';
import type { ChatFlavour } from './chat-flavour.ts';
import { chatEncoder } from './chat-prompt.ts';
import { chatReader } from './chat-reader.ts';

/** A driver for one kind of server that speaks Chat Completions. */
export function chatDriver(
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
  const encode = chatEncoder(flavour);
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
