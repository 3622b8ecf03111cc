import type {
  ApiTokenView,
  AuthFailure,
  CreateTokenRequest,
  CreatedToken,
} from '@kheish/core-model';
import { type CallOptions, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';
import { type ListOptions, type Listing, listing } from './listing.ts';

/** Named tokens, and who was not let in. */
export interface Tokens {
  /** Oldest first, without the tokens themselves. */
  list(options?: ListOptions): Listing<ApiTokenView>;
  /** Its answer is the only one with the token. It is not sent again where it was lost: look with `list`. */
  create(wish: CreateTokenRequest, options?: CallOptions): Promise<CreatedToken>;
  revoke(tokenId: string, options?: CallOptions): Promise<ApiTokenView>;
  /** Newest first. */
  failures(options?: ListOptions): Listing<AuthFailure>;
}

export function tokensOf(transport: Transport): Tokens {
  return {
    list: (options = {}) =>
      listing(options, (query, { signal, timeoutMs }) =>
        request(transport, 'listTokens', { query, signal, timeoutMs }),
      ),
    create: (wish, options) => request(transport, 'createToken', { ...options, body: wish }),
    revoke: (tokenId, options) =>
      request(transport, 'revokeToken', { ...options, path: { token_id: tokenId } }),
    failures: (options = {}) =>
      listing(options, (query, { signal, timeoutMs }) =>
        request(transport, 'listAuthFailures', { query, signal, timeoutMs }),
      ),
  };
}
