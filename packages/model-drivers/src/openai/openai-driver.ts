import type { ModelDriver } from '@kheish/core-model';
import { requiredKey } from '../credentials.ts';
import type { DriverConfig } from '../driver-config.ts';
import { completeBaseUrl } from '../http/base-url.ts';
import { type Provider, streamCall } from '../http/provider-call.ts';
import { OPENAI } from './openai-name.ts';
import { openaiBody } from './openai-prompt.ts';
import { openaiReader } from './openai-reader.ts';

/** OpenAI Responses. */
export function openaiDriver(config: DriverConfig): ModelDriver {
  const apiKey = requiredKey(OPENAI, config.credentials);
  const { organization, project } = config.credentials ?? {};
  const provider: Provider = {
    driver: OPENAI,
    baseUrl: completeBaseUrl(config.baseUrl, 'https://api.openai.com/v1'),
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(organization !== undefined && { 'openai-organization': organization }),
      ...(project !== undefined && { 'openai-project': project }),
    },
    secrets: [apiKey],
    egress: config.egress,
    clock: config.clock,
  };
  return {
    name: OPENAI,
    stream: (request, signal) =>
      streamCall(provider, '/responses', openaiBody(request), openaiReader, signal),
  };
}
