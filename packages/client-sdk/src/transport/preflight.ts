import type { CallOptions } from './request.ts';
import { exchange, type Transport } from './transport.ts';

/** What the daemon says to a browser that asks for a page whether it may call (Fetch standard, CORS-preflight). */
export interface Preflight {
  readonly status: number;
  /** The page may call, and send a token. */
  readonly allowed: boolean;
}

export async function askPreflight(
  transport: Transport,
  origin: string,
  options: CallOptions,
): Promise<Preflight> {
  const { response } = await exchange(
    transport,
    {
      method: 'OPTIONS',
      address: '/v1/status',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    },
    options,
  );
  const { status, headers } = response;
  const allows = (name: string, value: string) =>
    (headers.get(`access-control-allow-${name}`) ?? '').split(/, */).includes(value);
  const allowed =
    response.ok &&
    headers.get('access-control-allow-origin') === origin &&
    allows('methods', 'POST') &&
    allows('headers', 'authorization') &&
    allows('headers', 'content-type');
  return { status, allowed };
}
