import * as v from 'valibot';
import type { KheishError } from '../errors/kheish-error.ts';

/** RFC 9457 body of every answer that is not a success. */
export const ProblemDetails = v.strictObject({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  code: v.string(),
  domain: v.string(),
  retry_after_ms: v.optional(v.number()),
});
export type ProblemDetails = v.InferOutput<typeof ProblemDetails>;

const titles: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

export function problemDetails(error: KheishError): ProblemDetails {
  return {
    type: `urn:kheish:problem:${error.shortCode}`,
    title: titles[error.status] ?? 'Daemon Error',
    status: error.status,
    detail: error.message,
    code: error.shortCode,
    domain: error.domain,
    ...(error.retryAfterMs !== undefined && { retry_after_ms: error.retryAfterMs }),
  };
}
