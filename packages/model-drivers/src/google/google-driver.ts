import type { ModelDriver } from '@kheish/core-model';
import { requiredKey } from '../credentials.ts';
import type { DriverConfig } from '../driver-config.ts';
import { completeBaseUrl } from '../http/base-url.ts';
import { type Provider, streamCall } from '../http/provider-call.ts';
import { GOOGLE } from './google-name.ts';
import { googleRequest } from './google-prompt.ts';
import { googleReader } from './google-reader.ts';

/** Gemini. */
export function googleDriver(config: DriverConfig): ModelDriver {
  const provider: Provider = {
    driver: GOOGLE,
    baseUrl: completeBaseUrl(config.baseUrl, 'https://generativelanguage.googleapis.com/v1beta'),
    credentials: config.credentials,
    headers: (credentials) => ({ 'x-goog-api-key': requiredKey(GOOGLE, credentials) }),
    egress: config.egress,
    clock: config.clock,
  };
  return {
    name: GOOGLE,
    stream: (request, signal) =>
      streamCall(
        provider,
        `/${resourceOf(request.model)}:streamGenerateContent?alt=sse`,
        JSON.stringify(googleRequest(request)),
        // Unlike any earlier call's: the transcript grows with every answer.
        (emit, failed) =>
          googleReader(emit, failed, (index) => `call_${request.messages.length}_${index}`),
        signal,
      ),
  };
}

/** A model may be named with its collection; nothing in a name leads out of the collection. */
function resourceOf(model: string): string {
  const [, collection = 'models', name = model] = /^(models|tunedModels)\/(.+)$/.exec(model) ?? [];
  return `${collection}/${encodeURIComponent(name)}`;
}
