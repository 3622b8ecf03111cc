import { KheishError, type ProblemCode, isJsonObject } from '@kheish/core-model';
import { sanitizedMessage } from './provider-message.ts';

/** What a provider said went wrong, in an error response or inside a stream. */
export interface ProviderFault {
  /** Absent inside a stream. */
  readonly status?: number | undefined;
  /** The provider's own words for it: `error.type` and `error.code`. */
  readonly types: readonly string[];
  readonly message: string;
}

/** Words of providers that say more than the status. */
const codeOfType: Readonly<Record<string, ProblemCode>> = {
  authentication_error: 'models/authentication_failed',
  permission_error: 'models/authentication_failed',
  invalid_api_key: 'models/authentication_failed',
  billing_error: 'models/quota_exhausted',
  insufficient_quota: 'models/quota_exhausted',
  billing_hard_limit_reached: 'models/quota_exhausted',
  rate_limit_error: 'models/rate_limited',
  rate_limit_exceeded: 'models/rate_limited',
  overloaded_error: 'models/overloaded',
  server_overloaded: 'models/overloaded',
  slow_down: 'models/overloaded',
  api_error: 'models/unavailable',
  server_error: 'models/unavailable',
  timeout_error: 'models/timeout',
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

/** Several providers have no typed code for a prompt that is too long, so a 400 is told apart by its words. */
const TOO_LONG =
  /prompt is too long|maximum context length|exceed\w* (?:the )?(?:\w+ )?context (?:limit|length|window|size)/i;

function problemOf(fault: ProviderFault): ProblemCode {
  for (const type of fault.types) {
    const code = Object.hasOwn(codeOfType, type) ? codeOfType[type] : undefined;
    if (code !== undefined) return code;
  }
  // Gateways put the upstream status where others have a word.
  const status = fault.status ?? fault.types.map(Number).find((number) => number >= 400);
  if ((status === undefined || status === 400) && TOO_LONG.test(fault.message)) {
    return 'models/context_exceeded';
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
  const detail = `${driver} ${status}${said === '' ? '' : `: ${said}`}`;
  return new KheishError(problemOf(fault), detail, {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** Reads `{ error: { type, code, message } }` and its variants. Other bodies say nothing. */
export function faultOf(body: unknown, status?: number): ProviderFault {
  if (!isJsonObject(body)) return { status, types: [], message: '' };
  const error = isJsonObject(body['error']) ? body['error'] : body;
  const types = [error['code'], error['type']].flatMap((value) =>
    typeof value === 'string' || typeof value === 'number' ? [String(value)] : [],
  );
  const message = typeof body['error'] === 'string' ? body['error'] : error['message'];
  return { status, types, message: typeof message === 'string' ? message : '' };
}
