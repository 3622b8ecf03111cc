import type { IncomingMessage } from 'node:http';
import { type Clock, toKheishError } from '@kheish/core-model';
import type { MiddlewareHandler } from 'hono';
import { hostCheck } from '../guard/host.ts';
import { exposedHeaders, originCheck, preflightHeaders } from '../guard/origin.ts';
import type { Refusal, Refusals } from '../guard/refusals.ts';
import { type ApiEnv, send } from './context.ts';

/** Under which names the daemon is reached, and which pages may call it. */
export interface HostPolicy {
  /** The host that the listener binds, for example `127.0.0.1`. */
  readonly bindHost: string;
  /** Exactly these origins, for example `http://localhost:5173`; without it any loopback origin. */
  readonly allowedOrigins?: readonly string[];
}

/** What every request passes first: request id, Host, Origin, preflight. */
export function frontDoor(
  hosts: HostPolicy,
  refusals: Refusals,
  nextRequestId: () => string,
  isClosing: () => boolean,
): MiddlewareHandler<ApiEnv> {
  const checkHost = hostCheck(hosts.bindHost);
  const checkOrigin = originCheck(hosts.allowedOrigins);
  return async (c, next) => {
    const { host, origin, upgrade, 'sec-fetch-site': fetchSite } = c.env.incoming.headers;
    const requestId = nextRequestId();
    const headers: Record<string, string> = {
      'X-Request-Id': requestId,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
      Vary: 'Origin',
    };
    // Nothing is upgraded, and Node reads no more from a connection on which that was asked for.
    if (isClosing() || upgrade !== undefined) headers['Connection'] = 'close';
    c.set('requestId', requestId);
    c.set('headers', headers);
    const noting = (kind: Refusal['kind'], check: () => void) => {
      try {
        check();
      } catch (error) {
        const reason = toKheishError(error).code.replace(/^.*\//, '');
        refusals.add({ kind, reason }, c.env.incoming);
        throw error;
      }
    };
    noting('host', () => {
      checkHost(onlyHost(c.env.incoming) ? host : undefined);
      checkHost(targetHost(c.env.incoming.url) ?? host);
    });
    noting('cors', () => checkOrigin(origin, [fetchSite].flat()[0]));
    if (origin !== undefined) {
      headers['Access-Control-Allow-Origin'] = origin;
      headers['Access-Control-Expose-Headers'] = exposedHeaders;
    }
    if (c.req.method === 'OPTIONS') return send(c, 204, null, preflightHeaders);
    await next();
    return undefined;
  };
}

/** The host of a target in absolute form, which counts more than the Host line (RFC 9112 section 3.2.2). */
function targetHost(target = ''): string | undefined {
  return target.startsWith('/') ? undefined : /^[a-z]+:\/\/([^/?#]*)/i.exec(target)?.[1];
}

/** RFC 9112 section 3.2: of two Host lines neither can be believed. */
function onlyHost({ rawHeaders }: IncomingMessage): boolean {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count === 1;
}

/** Ids that differ between requests, and between starts of the daemon. */
export function requestIds(clock: Clock): () => string {
  const start = clock.now().toString(36);
  let count = 0;
  return () => `req_${start}_${(count += 1).toString(36)}`;
}
