import { type Clock, KheishError, type ModelEvent } from '@kheish/core-model';
import type { Egress, EgressResponse } from '@kheish/egress';
import { type Credentials, type LeasedCredentials, optionalKey } from '../credentials.ts';
import { type MakeReader, ModelEvents } from './event-stream.ts';
import { faultOf, providerError } from './provider-error.ts';
import { retryAfterMs } from './retry-after.ts';

const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;

/** A provider as a driver reaches it. */
export interface Provider {
  readonly driver: string;
  readonly baseUrl: string;
  readonly credentials: LeasedCredentials | undefined;
  /** What carries them. Throws where they cannot be carried, or a key is missing. */
  readonly headers: (credentials: Credentials) => Readonly<Record<string, string>>;
  readonly egress: Egress;
  readonly clock: Clock;
}

/** Posts one streaming call with a body of JSON. Throws errors of domain `models`, or the signal's reason. */
export function streamCall(
  provider: Provider,
  path: string,
  body: string,
  makeReader: MakeReader,
  signal: AbortSignal,
): AsyncIterable<ModelEvent> {
  let secrets: readonly string[] = [];
  const open = async () => {
    const credentials = (await provider.credentials?.acquire()) ?? {};
    const key = optionalKey(credentials);
    secrets = key === undefined ? [] : [key];
    const call = { path, body, headers: provider.headers(credentials), secrets, signal };
    return openStream(provider, call);
  };
  return new ModelEvents({
    open,
    makeReader,
    failed: (fault) => providerError(provider.driver, fault, secrets),
    named: (error) => asModelError(error, 'models/stream_cut'),
  });
}

interface Call {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Texts that no message may show. */
  readonly secrets: readonly string[];
  readonly signal: AbortSignal;
}

async function openStream(provider: Provider, call: Call): Promise<AsyncIterable<Uint8Array>> {
  const response = await post(provider, call);
  if (response.status !== 200) throw await refusalOf(provider, response, call.secrets);
  const type = response.headers['content-type'];
  if (type === undefined || type.toLowerCase().startsWith('text/event-stream'))
    return response.body;
  await leave(response);
  throw new KheishError(
    'models/malformed_response',
    `${provider.driver} answered ${mediaType(type)} in place of an event stream; is base_url right?`,
  );
}

async function post(
  { baseUrl, egress, credentials }: Provider,
  { path, body, headers, signal }: Call,
): Promise<EgressResponse> {
  try {
    return await egress.request({
      policy: { kind: 'operator_origin', origin: new URL(baseUrl).origin },
      url: baseUrl + path,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        ...headers,
      },
      body,
      signal,
      ...(credentials && { admit: () => credentials.confirm() }),
      limits: { maxResponseBytes: MAX_RESPONSE_BYTES },
    });
  } catch (error) {
    throw asModelError(error, 'models/unavailable');
  }
}

/** A failure on the wire, in the words of domain `models`; whatever else was thrown stays what it is. */
function asModelError(error: unknown, whenLost: 'models/stream_cut' | 'models/unavailable'): Error {
  if (!(error instanceof KheishError)) return error as Error;
  const code = {
    'egress/connect_failed': 'models/unavailable',
    'egress/connection_lost': whenLost,
    'egress/timeout': 'models/timeout',
    'egress/response_too_large': 'models/malformed_response',
    'egress/too_many_redirects': 'models/invalid_request',
    'egress/destination_refused': 'models/invalid_request',
    'egress/invalid_url': 'models/invalid_request',
  } as const;
  if (!Object.hasOwn(code, error.code)) return error;
  return new KheishError(code[error.code as keyof typeof code], error.message, { cause: error });
}

async function refusalOf(
  provider: Provider,
  response: EgressResponse,
  secrets: readonly string[],
): Promise<KheishError> {
  const fault = faultOf(await errorBody(response), response.status);
  const wait = retryAfterMs(response.headers, provider.clock.now());
  return providerError(provider.driver, fault, secrets, wait);
}

/** The body of an error response; `undefined` when it is not JSON, too long or broken off. */
async function errorBody(response: EgressResponse): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > MAX_ERROR_BYTES) return undefined;
    }
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof KheishError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function mediaType(header: string): string {
  return /^[\w.+-]+\/[\w.+-]+/.exec(header)?.[0] ?? 'something else';
}

async function leave(response: EgressResponse): Promise<void> {
  await response.body[Symbol.asyncIterator]().return?.();
}
