import type { ModelDriver } from '@kheish/core-model';
import { requiredKey } from '../credentials.ts';
import type { DriverConfig } from '../driver-config.ts';
import { completeBaseUrl } from '../http/base-url.ts';
import { type Provider, streamCall } from '../http/provider-call.ts';
import { ANTHROPIC } from './anthropic-name.ts';
import { anthropicBody } from './anthropic-prompt.ts';
import { anthropicReader } from './anthropic-reader.ts';

/** Anthropic Messages. */
export function anthropicDriver(config: DriverConfig): ModelDriver {
  const provider: Provider = {
    driver: ANTHROPIC,
    baseUrl: completeBaseUrl(config.baseUrl, 'https://api.anthropic.com/v1'),
    credentials: config.credentials,
    headers: (credentials) => ({
      'x-api-key': requiredKey(ANTHROPIC, credentials),
      'anthropic-version': config.anthropicVersion ?? '2023-06-01',
      ...(config.anthropicBetaHeaders?.length && {
        'anthropic-beta': config.anthropicBetaHeaders.join(','),
      }),
    }),
    egress: config.egress,
    clock: config.clock,
  };
  return {
    name: ANTHROPIC,
    stream: (request, signal) =>
      streamCall(provider, '/messages', anthropicBody(request), anthropicReader, signal),
  };
}
