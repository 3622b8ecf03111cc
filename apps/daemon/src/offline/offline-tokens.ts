import { TokenStore } from '@kheish/auth-store';
import {
  type ApiTokenView,
  type CreateTokenRequest,
  type CreatedToken,
  idFactory,
} from '@kheish/core-model';
import { systemClock, systemRandom } from '../platform/system-clock.ts';
import { openOffline } from './offline-root.ts';

/** The named tokens of a state root that no daemon serves; holds the root's lock until closed. */
export interface OfflineTokens {
  list(): readonly ApiTokenView[];
  /** Throws `auth/invalid_expiry`. */
  create(wish: CreateTokenRequest): Promise<CreatedToken>;
  /** Throws `auth/token_not_found`. */
  revoke(tokenId: string): Promise<ApiTokenView>;
  close(): Promise<void>;
}

const who = 'offline';

export async function offlineTokens(options: {
  readonly stateRoot: string;
}): Promise<OfflineTokens> {
  const store = openOffline(options.stateRoot);
  const clock = systemClock;
  const random = systemRandom;
  const tokens = new TokenStore({ store, clock, random, newId: idFactory(clock, random) });
  return {
    list: () => tokens.list({ limit: Number.MAX_SAFE_INTEGER }),
    create: (wish) => tokens.create(wish, who),
    revoke: (tokenId) => tokens.revoke(tokenId, who),
    close: () => store.close(),
  };
}
