import type {
  ApiRole,
  BodyOf,
  Digest,
  OperationId,
  Operations,
  PathOf,
  QueryOf,
  ResponseOf,
} from '@kheish/core-model';

/** Who calls. Without authentication every caller is an admin. */
export interface Caller {
  readonly role: ApiRole;
  /** Of a named token. */
  readonly tokenId?: string;
}

/** The name under which a caller stands in records: `token:<id>`, or the role of a token without a name. */
export function identityOf({ role, tokenId }: Caller): string {
  return tokenId === undefined ? role : `token:${tokenId}`;
}

/** A request that may be sent again. The same scope and key with another fingerprint is a conflict. */
export interface IdempotencyRequest {
  /** Caller, method and path with its values, for example `admin POST /v1/sessions/a/runs`. */
  readonly scope: string;
  /** 1 to 255 printable ASCII characters. */
  readonly key: string;
  /** Digest of the canonical body without its `idempotency_key`. It is unkeyed: of a body with a secret, store an HMAC of it. */
  readonly fingerprint: Digest;
}

/** One validated request. */
export interface Call<K extends OperationId> {
  readonly path: PathOf<K>;
  readonly query: QueryOf<K>;
  readonly body: BodyOf<K>;
  readonly caller: Caller;
  /** Present where the operation is idempotent and the caller gave a key. */
  readonly idempotency?: IdempotencyRequest;
}

/** The stored answer to a request that came before; it is sent as it was. */
export interface Replayed {
  readonly replayed: { readonly status: number; readonly body: string };
}

/** Probes, the OpenAPI document and the streams are answered by this package itself. */
type OwnResponse = 'text' | 'event-stream' | 'openapi';

/** The operations that the host answers. */
export type HandledOperation = {
  [K in OperationId]: Operations[K]['response'] extends OwnResponse ? never : K;
}[OperationId];

export type StreamOperation = {
  [K in OperationId]: Operations[K]['response'] extends 'event-stream' ? K : never;
}[OperationId];

export type Answer<K extends OperationId> = ResponseOf<K> | Replayed;

/** One function for each operation. It throws `KheishError` for what the caller can cause. */
export type Handlers = {
  readonly [K in HandledOperation]: (call: Call<K>) => Answer<K> | Promise<Answer<K>>;
};

export function isReplayed(answer: unknown): answer is Replayed {
  return typeof answer === 'object' && answer !== null && 'replayed' in answer;
}
