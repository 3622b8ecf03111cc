import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

/** What a request carries through Hono. `headers` go onto whatever it is answered with. */
export interface ApiEnv {
  Bindings: HttpBindings;
  Variables: { requestId: string; headers: Record<string, string> };
}

export type ApiContext = Context<ApiEnv>;

export function send(
  c: ApiContext,
  status: number,
  body: string | null,
  headers: Readonly<Record<string, string>>,
): Response {
  return new Response(body, { status, headers: { ...c.get('headers'), ...headers } });
}
