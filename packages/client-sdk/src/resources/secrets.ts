import type {
  AuthSlotRecord,
  AuthSlotStatus,
  ImportReport,
  RekeyReport,
  RekeyRequest,
  SecretsImport,
} from '@kheish/core-model';
import { type CallOptions, type KeyedCallOptions, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';
import { type ListOptions, type Listing, listing } from './listing.ts';

/** Secret slots: written, never read back. */
export interface Secrets {
  list(options?: ListOptions): Listing<AuthSlotStatus>;
  get(ref: string, options?: CallOptions): Promise<AuthSlotStatus>;
  set(record: AuthSlotRecord, options?: KeyedCallOptions): Promise<AuthSlotStatus>;
  /** `force`: also one that a route uses; without it that is refused with `secrets/secret_in_use`. */
  delete(
    ref: string,
    options?: CallOptions & { readonly force?: boolean },
  ): Promise<{ accepted: boolean }>;
  /** Seals every slot under another master key; the next start of the daemon needs it. */
  rekey(rekey: RekeyRequest, options?: KeyedCallOptions): Promise<RekeyReport>;
  /** Writes all slots of a snapshot in plain text, or none. */
  import(snapshot: SecretsImport, options?: KeyedCallOptions): Promise<ImportReport>;
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
    delete: (ref, { force, ...options } = {}) =>
      request(transport, 'deleteSecret', {
        ...options,
        path: { secret_ref: ref },
        query: force === true ? { force: 'true' } : {},
      }),
    rekey: (rekey, options) => request(transport, 'rekeySecrets', { ...options, body: rekey }),
    import: (snapshot, options) =>
      request(transport, 'importSecrets', { ...options, body: snapshot }),
  };
}
