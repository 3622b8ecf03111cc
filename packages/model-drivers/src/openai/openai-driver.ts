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
  const provider: Provider = {
    driver: OPENAI,
    baseUrl: completeBaseUrl(config.baseUrl, 'https://api.openai.com/v1'),
    credentials: config.credentials,
    headers: ({ organization, project, ...credentials }) => ({
      authorization: `Bearer ${requiredKey(OPENAI, credentials)}`,
      ...(organization !== undefined && { 'openai-organization': organization }),
      ...(project !== undefined && { 'openai-project': project }),
    }),
    egress: config.egress,
    clock: config.clock,
  };
  return {
    name: OPENAI,
    stream: (request, signal) =>
      streamCall(provider, '/responses', openaiBody(request), openaiReader, signal),
  };
}
