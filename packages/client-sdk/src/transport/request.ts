import {
  type BodyOf,
  type Operation,
  type OperationId,
  type Operations,
  type PathOf,
  type QueryOf,
  type ResponseOf,
  operations,
} from '@kheish/core-model';
import { DaemonUnreachable, RequestTimedOut } from '../errors.ts';
import { addressOf } from './address.ts';
import { decodeAnswer } from './answer.ts';
import { persist } from './backoff.ts';
import { type Outgoing, type Transport, exchange } from './transport.ts';

/** Operations that answer with a stream of events. */
export type StreamId = {
  [K in OperationId]: Operations[K]['response'] extends 'event-stream' ? K : never;
}[OperationId];

/** Operations that answer with lines, as many as there are. */
export type DownloadId = {
  [K in OperationId]: Operations[K]['response'] extends 'jsonl' ? K : never;
}[OperationId];

/** Operations that answer once. */
export type RequestId = Exclude<OperationId, StreamId | DownloadId>;

type PathArgument<K extends OperationId> = keyof PathOf<K> extends never
  ? { readonly path?: undefined }
  : { readonly path: PathOf<K> };

type BodyArgument<K extends OperationId> =
  BodyOf<K> extends undefined
    ? { readonly body?: undefined }
    : Operations[K] extends { bodyOptional: true }
      ? { readonly body?: BodyOf<K> }
      : { readonly body: BodyOf<K> };

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole request; 60 000 when absent. */
  readonly timeoutMs?: number | undefined;
}

export interface KeyedCallOptions extends CallOptions {
  /** The same key with the same request acts once. One is made up when absent. */
  readonly idempotencyKey?: string | undefined;
}

/** What an operation takes, read off its entry in the table of operations. */
export type RequestOptions<K extends RequestId> = KeyedCallOptions &
  PathArgument<K> &
  BodyArgument<K> & { readonly query?: QueryOf<K> };

/**
 * Calls one operation. An operation that takes an idempotency key always gets one, so it is repeated
 * when its answer is lost; other operations are tried once.
 * Throws `KheishError` for a problem the daemon reports, `DaemonUnreachable`, `RequestTimedOut`, `UnexpectedAnswer`.
 */
export async function request<K extends RequestId>(
  transport: Transport,
  id: K,
  options: RequestOptions<K>,
): Promise<ResponseOf<K>> {
  const operation: Operation = operations[id];
  const keyed = operation.idempotent === true;
  const outgoing: Outgoing = {
    method: operation.method,
    address: addressOf(id, options.path ?? {}, options.query ?? {}),
    body: options.body,
    headers: keyed ? { 'idempotency-key': options.idempotencyKey ?? newKey(transport) } : {},
  };
  const attempt = async () => {
    const { response, text } = await exchange(transport, outgoing, options);
    return decodeAnswer(operation, response, text) as ResponseOf<K>;
  };
  return keyed ? persist(transport, attempt, options.signal, wasNotLost) : attempt();
}

/** Only where the daemon may have acted and its answer was lost is the request worth repeating. */
function wasNotLost(error: unknown): boolean {
  if (error instanceof RequestTimedOut) return true;
  return !(error instanceof DaemonUnreachable) || error.refused;
}

function newKey({ random }: Transport): string {
  const hex = Array.from(random.bytes(16), (byte) => byte.toString(16).padStart(2, '0'));
  return `sdk-${hex.join('')}`;
}
