import type { ModelDriver, ModelRequest } from '@kheish/core-model';
import type { Credentials } from '../credentials.ts';
import type { DriverConfig } from '../driver-config.ts';
import { type OfficialRoot, completeBaseUrl } from '../http/base-url.ts';
import { type Provider, streamCall } from '../http/provider-call.ts';
import type { ChatFlavour } from './chat-flavour.ts';
import { chatEncoder } from './chat-prompt.ts';
import { chatReader } from './chat-reader.ts';

/** The key to send, if any. Throws where one is needed. */
type KeyOf = (credentials: Credentials) => string | undefined;

type MakeDriver = (config: DriverConfig, keyOf: KeyOf, official: OfficialRoot) => ModelDriver;

/** Makes the drivers for one kind of server that speaks Chat Completions; they share what they have encoded. */
export function chatDrivers(flavour: ChatFlavour): MakeDriver {
  const encode = chatEncoder(flavour);
  return (config, keyOf, official) => chatDriver(flavour, encode, config, keyOf, official);
}

function chatDriver(
  flavour: ChatFlavour,
  encode: (request: ModelRequest) => string,
  config: DriverConfig,
  keyOf: KeyOf,
  official: OfficialRoot,
): ModelDriver {
  const provider: Provider = {
    driver: flavour.name,
    baseUrl: completeBaseUrl(config.baseUrl, official),
    credentials: config.credentials,
    headers: (credentials): Record<string, string> => {
      const key = keyOf(credentials);
      return key === undefined ? {} : { authorization: `Bearer ${key}` };
    },
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
