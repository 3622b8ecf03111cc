import { digestOfJson, isJsonObject, KheishError, type Json } from '@kheish/core-model';
import { type Caller, type IdempotencyRequest, identityOf } from './call.ts';

const wellFormed = /^(?=.*[^ ])[\x20-\x7e]{1,255}$/;

/** Reads the key from the header or from the body's `idempotency_key`; undefined where there is neither. */
export function idempotencyRequest(request: {
  caller: Caller;
  method: string;
  /** The path as it was asked for. */
  path: string;
  header: string | undefined;
  body: Json | undefined;
}): IdempotencyRequest | undefined {
  const { idempotency_key: inBody, ...rest } = isJsonObject(request.body) ? request.body : {};
  const key = request.header ?? inBody;
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !wellFormed.test(key)) {
    throw invalid('An idempotency key has 1 to 255 printable ASCII characters.');
  }
  if (inBody !== undefined && inBody !== key) {
    throw invalid('The header Idempotency-Key and the field idempotency_key differ.');
  }
  return {
    scope: `${identityOf(request.caller)} ${request.method} ${request.path}`,
    key,
    fingerprint: digestOfJson(rest),
  };
}

function invalid(detail: string): KheishError {
  return new KheishError('idempotency/invalid_idempotency_key', detail);
}
