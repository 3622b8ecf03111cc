import { type Clock, KheishError } from '@kheish/core-model';
import type { Agent } from 'undici';
import { type Resolve, publicLookup, systemResolve } from './address/public-lookup.ts';
import { type EgressLimits, type EgressResponse, exchange } from './exchange.ts';
import { type EgressPolicy, admitUrl } from './policy.ts';

const MAX_REDIRECTS = 5;
const KEEP_ALIVE_MS = 30_000;

export interface EgressRequest {
  readonly policy: EgressPolicy;
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Ends the exchange, the body included; what is awaited then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called right before bytes go out, of each hop, without a turn of the event loop between; what it throws keeps them. */
  readonly admit?: () => void;
  readonly limits?: EgressLimits;
}

/** The only way out. Errors are of domain `egress`; a response of any status is a response. */
export interface Egress {
  request(request: EgressRequest): Promise<EgressResponse>;
  /** Ends every connection; requests under way fail. */
  close(): Promise<void>;
}

export interface EgressOptions {
  readonly clock: Clock;
  /** Milliseconds for name, TCP and TLS together. */
  readonly connectTimeoutMs?: number;
  /** How names become addresses under policy `public`. */
  readonly resolve?: Resolve;
}

export function createEgress(options: EgressOptions): Egress {
  const { clock, connectTimeoutMs = 10_000, resolve = systemResolve } = options;
  const agents = new Map<EgressPolicy['kind'], Promise<Agent>>();

  // One pool for each policy: a connection made unchecked never serves a request that needs the check.
  function agentOf(kind: EgressPolicy['kind']): Promise<Agent> {
    const known = agents.get(kind);
    if (known !== undefined) return known;
    const lookup = kind === 'public' ? { lookup: publicLookup(resolve) } : {};
    const agent = import('undici').then(
      (undici) =>
        new undici.Agent({
          connect: { timeout: connectTimeoutMs, ...lookup },
          keepAliveTimeout: KEEP_ALIVE_MS,
          keepAliveMaxTimeout: KEEP_ALIVE_MS,
          headersTimeout: 0,
          bodyTimeout: 0,
        }),
    );
    agents.set(kind, agent);
    return agent;
  }

  async function request(asked: EgressRequest): Promise<EgressResponse> {
    const { policy, signal, admit, limits = {} } = asked;
    let url = admitUrl(policy, asked.url);
    let { method, body, headers = {} } = asked;
    const agent = await agentOf(policy.kind);
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      const hop = { url, method, headers, body, limits, signal, admit };
      const response = await exchange(clock, agent, hop);
      const location = redirectOf(response);
      if (location === undefined) return response;
      await discard(response);
      const next = admitUrl(policy, location, url);
      if (next.origin !== url.origin) headers = withoutCredentials(headers);
      if (losesBody(response.status, method)) {
        method = 'GET';
        body = undefined;
        headers = withoutBodyHeaders(headers);
      }
      url = next;
    }
    throw new KheishError(
      'egress/too_many_redirects',
      `${url.origin} redirected more than ${MAX_REDIRECTS} times.`,
    );
  }

  async function close(): Promise<void> {
    const open = await Promise.all(agents.values());
    agents.clear();
    await Promise.all(open.map((agent) => agent.destroy()));
  }

  return { request, close };
}

function redirectOf({ status, headers }: EgressResponse): string | undefined {
  return [301, 302, 303, 307, 308].includes(status) ? headers['location'] : undefined;
}

/** RFC 9110 section 15.4: 303 always becomes GET; 301 and 302 do for POST. */
function losesBody(status: number, method: string): boolean {
  if (status === 303) return method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}

const PLAIN_HEADERS = new Set(['accept', 'accept-language', 'content-type', 'user-agent']);

/** Any header may be a credential, so another origin gets the plain ones only. */
function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => PLAIN_HEADERS.has(name.toLowerCase())),
  );
}

function withoutBodyHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.toLowerCase().startsWith('content-')),
  );
}

/** Leaves a body unread. */
async function discard(response: EgressResponse): Promise<void> {
  await response.body[Symbol.asyncIterator]().return?.();
}
