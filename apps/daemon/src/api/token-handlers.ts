import { KheishError } from '@kheish/core-model';
import { type Handlers, identityOf } from '@kheish/http-api';
import type { DaemonParts } from '../lifecycle/daemon-parts.ts';
import { numberedPageRequest, page, pageRequest } from './page-request.ts';

type TokenOperation = 'listTokens' | 'createToken' | 'revokeToken' | 'listAuthFailures';

export interface TokenHandlerParts extends Pick<DaemonParts, 'store' | 'tokens'> {
  /** Whether there is an admin token besides the named ones. */
  readonly hasStaticAdmin: boolean;
  readonly hide: (token: string) => void;
  /** Ends the streams of those who may not follow any more. */
  readonly dropRevokedStreams: () => void;
}

export function tokenHandlers(parts: TokenHandlerParts): Pick<Handlers, TokenOperation> {
  const { store, tokens, hasStaticAdmin } = parts;
  /** The first token closes the door: who makes it is to have the key. */
  const requireAdmin = () => {
    if (hasStaticAdmin || (tokens.active().get('admin') ?? 0) > 0) return;
    throw new KheishError(
      'auth/no_admin_token',
      'Make an admin token first: from the first token on the API lets nobody in without one.',
    );
  };
  return {
    listTokens: ({ query }) => {
      const { limit, after } = pageRequest(query);
      const rows = tokens.list({ limit: limit + 1, ...(after !== undefined && { after }) });
      return page(
        rows,
        limit,
        'token_id_asc',
        (token) => token.token_id,
        (shown) => [...shown],
      );
    },
    createToken: async ({ body, caller }) => {
      const check = body.role === 'admin' ? undefined : requireAdmin;
      const created = await tokens.create(body, identityOf(caller), check);
      parts.hide(created.token);
      parts.dropRevokedStreams();
      return created;
    },
    revokeToken: async ({ path, caller }) => {
      const revoked = await tokens.revoke(path.token_id, identityOf(caller));
      parts.dropRevokedStreams();
      return revoked;
    },
    listAuthFailures: ({ query }) => {
      const { limit, after: before } = numberedPageRequest(query);
      const rows = store.read.authFailures({
        limit: limit + 1,
        ...(before !== undefined && { before }),
      });
      return page(
        rows,
        limit,
        'newest_first',
        ({ position }) => String(position),
        (shown) => shown.map(({ failure }) => failure),
      );
    },
  };
}
