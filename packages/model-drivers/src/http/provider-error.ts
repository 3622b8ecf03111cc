import { KheishError, type ProblemCode, isJsonObject } from '@kheish/core-model';
import { sanitizedMessage } from './provider-message.ts';

/** What a provider said went wrong, in an error response or inside a stream. */
export interface ProviderFault {
  /** Absent inside a stream. */
  readonly status?: number | undefined;
  /** The provider's own words for it: `error.type` and `error.code`. */
  readonly types: readonly string[];
  readonly message: string;
  /** Milliseconds, where the provider says in its words and not in a header how long to wait. */
  readonly retryAfterMs?: number | undefined;
}

/** Words of providers that say more than the status. */
const codeOfType: Readonly<Record<string, ProblemCode>> = {
  API_KEY_INVALID: 'models/authentication_failed',
  authentication_error: 'models/authentication_failed',
  permission_error: 'models/authentication_failed',
  invalid_api_key: 'models/authentication_failed',
  UNAUTHENTICATED: 'models/authentication_failed',
  PERMISSION_DENIED: 'models/authentication_failed',
  billing_error: 'models/quota_exhausted',
  insufficient_quota: 'models/quota_exhausted',
  billing_hard_limit_reached: 'models/quota_exhausted',
  rate_limit_error: 'models/rate_limited',
  rate_limit_exceeded: 'models/rate_limited',
  RESOURCE_EXHAUSTED: 'models/rate_limited',
  overloaded_error: 'models/overloaded',
  server_overloaded: 'models/overloaded',
  slow_down: 'models/overloaded',
  api_error: 'models/unavailable',
  server_error: 'models/unavailable',
  UNAVAILABLE: 'models/unavailable',
  INTERNAL: 'models/unavailable',
  timeout_error: 'models/timeout',
  DEADLINE_EXCEEDED: 'models/timeout',
  context_length_exceeded: 'models/context_exceeded',
  request_too_large: 'models/context_exceeded',
  content_filter: 'models/refused',
  content_policy_violation: 'models/refused',
  invalid_prompt: 'models/refused',
  bio_policy: 'models/refused',
  misalignment_policy_violation: 'models/refused',
};

const codeOfStatus: Readonly<Record<number, ProblemCode>> = {
  401: 'models/authentication_failed',
  402: 'models/quota_exhausted',
  403: 'models/authentication_failed',
  408: 'models/timeout',
  409: 'models/unavailable',
  413: 'models/context_exceeded',
  429: 'models/rate_limited',
  504: 'models/timeout',
  529: 'models/overloaded',
};

/** Several providers have no typed code for these, so a 400 is told apart by its words. */
const WORDS: readonly (readonly [RegExp, ProblemCode])[] = [
  [
    /prompt is too long|maximum (?:context|prompt) length|exceed\w* (?:the )?(?:\w+ )?context (?:limit|length|window|size)|token count .*exceeds the maximum/i,
    'models/context_exceeded',
  ],
  [/^incorrect api key/i, 'models/authentication_failed'],
];

function problemOf(fault: ProviderFault): ProblemCode {
  for (const type of fault.types) {
    const code = Object.hasOwn(codeOfType, type) ? codeOfType[type] : undefined;
    if (code !== undefined) return code;
  }
  // Gateways put the upstream status where others have a word.
  const status = fault.status ?? fault.types.map(Number).find((number) => number >= 400);
  if (status === undefined || status === 400) {
    const said = WORDS.find(([words]) => words.test(fault.message));
    if (said !== undefined) return said[1];
  }
  if (status === undefined) return 'models/unavailable';
  return codeOfStatus[status] ?? (status >= 500 ? 'models/unavailable' : 'models/invalid_request');
}

export function providerError(
  driver: string,
  fault: ProviderFault,
  secrets: readonly string[],
  retryAfterMs?: number,
): KheishError {
  const said = sanitizedMessage(fault.message, secrets);
  const status = fault.status === undefined ? 'reported an error' : `answered ${fault.status}`;
  const wait = retryAfterMs ?? fault.retryAfterMs;
  const detail = `${driver} ${status}${said === '' ? '' : `: ${said}`}`;
  return new KheishError(problemOf(fault), detail, {
    ...(wait !== undefined && { retryAfterMs: wait }),
  });
}

/** Reads `{ error: { type, code, status, message, details } }` and its variants. Other bodies say nothing. */
export function faultOf(answered: unknown, status?: number): ProviderFault {
  // Google's error to a call that would have streamed a list is a list.
  const body: unknown = Array.isArray(answered) ? answered[0] : answered;
  if (!isJsonObject(body)) return { status, types: [], message: '' };
  const error = isJsonObject(body['error']) ? body['error'] : body;
  const details = Array.isArray(error['details']) ? error['details'].filter(isJsonObject) : [];
  const names = [...details.map(({ reason }) => reason), error['code'], error['type']];
  const types = [...names, error['status']].flatMap((value) =>
    typeof value === 'string' || typeof value === 'number' ? [String(value)] : [],
  );
  const message = typeof body['error'] === 'string' ? body['error'] : error['message'];
  return {
    status,
    types,
    message: typeof message === 'string' ? message : '',
    retryAfterMs: details.map(({ retryDelay }) => durationMs(retryDelay)).find((ms) => ms),
  };
}

/** A duration of protocol buffers: seconds with an `s`. */
function durationMs(duration: unknown): number | undefined {
  const seconds =
    typeof duration === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(duration)?.[1] : undefined;
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1000);
}
