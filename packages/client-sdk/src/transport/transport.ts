import { type Clock, type RandomSource, startWatchdog } from '@kheish/core-model';
import { DaemonUnreachable, RequestTimedOut } from '../errors.ts';

/** How the client reaches its daemon; shared by all resources of one client. */
export interface Transport {
  readonly baseUrl: string;
  readonly token: string | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Milliseconds for a whole request. */
  readonly timeoutMs: number;
  /** Milliseconds without contact after which a stream, a wait or a repeated submit gives up. */
  readonly graceMs: number;
}

export interface Outgoing {
  readonly method: string;
  /** Path and query. */
  readonly address: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends one request and returns the head of the answer; throws `DaemonUnreachable` or the signal's reason. */
export async function open(
  transport: Transport,
  outgoing: Outgoing,
  signal: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = { ...outgoing.headers };
  if (transport.token !== undefined) headers['authorization'] = `Bearer ${transport.token}`;
  if (outgoing.body !== undefined) headers['content-type'] = 'application/json';
  try {
    return await transport.fetch(`${transport.baseUrl}${outgoing.address}`, {
      method: outgoing.method,
      headers,
      redirect: 'manual',
      signal,
      ...(outgoing.body !== undefined && { body: JSON.stringify(outgoing.body) }),
    });
  } catch (thrown) {
    throw connectionError(transport, thrown, signal);
  }
}

/** Sends one request and reads the whole answer within `timeoutMs`. */
export async function exchange(
  transport: Transport,
  outgoing: Outgoing,
  limits: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined },
): Promise<{ response: Response; text: string }> {
  const timeoutMs = limits.timeoutMs ?? transport.timeoutMs;
  const late = new AbortController();
  const watchdog = startWatchdog(transport.clock, { totalMs: timeoutMs }, () =>
    late.abort(new RequestTimedOut(timeoutMs)),
  );
  const signal =
    limits.signal === undefined ? late.signal : AbortSignal.any([limits.signal, late.signal]);
  try {
    const response = await open(transport, outgoing, signal);
    try {
      return { response, text: await response.text() };
    } catch (thrown) {
      throw connectionError(transport, thrown, signal);
    }
  } finally {
    watchdog.stop();
  }
}

// Codes of Node's fetch that mean: no connection came about. Browsers do not tell.
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What a failed fetch or read was: the signal's reason, or a lost connection. */
export function connectionError(
  transport: Transport,
  thrown: unknown,
  signal: AbortSignal,
): unknown {
  if (signal.aborted) return signal.reason;
  const cause: unknown = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  const reason = code ?? (cause instanceof Error ? cause.message : String(cause));
  const refused = code !== undefined && neverConnected.has(code);
  return new DaemonUnreachable(transport.baseUrl, reason, refused, thrown);
}
