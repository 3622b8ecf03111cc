import type { AuthSlotRecord, AuthSlotStatus } from '@kheish/core-model';
import { type CallOptions, type KeyedCallOptions, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';
import { type ListOptions, type Listing, listing } from './listing.ts';

/** Secret slots: written, never read back. */
export interface Secrets {
  list(options?: ListOptions): Listing<AuthSlotStatus>;
  get(ref: string, options?: CallOptions): Promise<AuthSlotStatus>;
  set(record: AuthSlotRecord, options?: KeyedCallOptions): Promise<AuthSlotStatus>;
  delete(ref: string, options?: CallOptions): Promise<{ accepted: boolean }>;
}

export function secretsOf(transport: Transport): Secrets {
  return {
    list: (options = {}) =>
      listing(options, (query, { signal, timeoutMs }) =>
        request(transport, 'listSecrets', { query, signal, timeoutMs }),
      ),
    get: (ref, options) =>
      request(transport, 'getSecret', { ...options, path: { secret_ref: ref } }),
    set: (record, options) => request(transport, 'setSecret', { ...options, body: record }),
    delete: (ref, options) =>
      request(transport, 'deleteSecret', { ...options, path: { secret_ref: ref } }),
  };
}
