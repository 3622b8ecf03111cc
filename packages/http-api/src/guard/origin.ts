import { KheishError } from '@kheish/core-model';

const loopbackOrigin = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?$/;

/** Headers of the answer to a preflight, and of every answer to an allowed origin (Fetch standard, CORS protocol). */
export const preflightHeaders = {
  'Access-Control-Allow-Methods': 'GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS',
  'Access-Control-Allow-Headers':
    'authorization,content-type,idempotency-key,last-event-id,x-kheish-daemon-token,x-kheish-daemon-url',
  'Access-Control-Max-Age': '600',
  Vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
} as const;

export const exposedHeaders =
  'idempotency-replayed,retry-after,www-authenticate,x-request-id' as const;

/**
 * Refuses every request of a page that is not allowed here. Without a list any loopback origin is. Images, frames and
 * links of a page come without Origin; the browser tells of them by `Sec-Fetch-Site` (Fetch Metadata).
 */
export function originCheck(
  allowedOrigins: readonly string[] | undefined,
): (origin: string | undefined, fetchSite?: string) => void {
  const list = allowedOrigins && new Set(allowedOrigins);
  return (origin, fetchSite) => {
    if (origin === undefined) {
      if (fetchSite !== 'cross-site') return;
      throw new KheishError('cors/origin_not_allowed', 'Another site may not call this daemon.');
    }
    if (list === undefined ? !loopbackOrigin.test(origin) : !list.has(origin)) {
      throw new KheishError('cors/origin_not_allowed', 'The Origin is not allowed.');
    }
  };
}
