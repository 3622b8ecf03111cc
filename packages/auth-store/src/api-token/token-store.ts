import {
  type ApiRole,
  type ApiToken,
  type ApiTokenView,
  type Clock,
  type CreatedToken,
  type NewId,
  type RandomSource,
} from '@kheish/core-model';
import type { Store } from '@kheish/state-store';
import { newToken, tokenDigest, tokenIdOf, tokenMatches } from './api-token.ts';
import { type TokenWish, decideCreateToken, decideRevokeToken } from './decide-token.ts';

export interface TokenStoreOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly newId: NewId;
}

/** Whom a genuine token stands for. */
export interface TokenHolder {
  readonly tokenId: string;
  readonly role: ApiRole;
}

/** Compared with what is presented where there is nothing to compare with, so that both take the same time. */
const nobody = tokenDigest('');

/** The named tokens of an open state root. Each is shown once, as it is made. */
export class TokenStore {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #random: RandomSource;
  readonly #newId: NewId;
  #any = false;

  constructor({ store, clock, random, newId }: TokenStoreOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
    this.#newId = newId;
  }

  /** Whether there ever was a token: rows stay, so that it never turns false again. */
  any(): boolean {
    return (this.#any ||= this.#store.read.anyToken());
  }

  /** How many tokens of each role open something now. */
  active(): ReadonlyMap<ApiRole, number> {
    return this.#store.read.activeTokens(this.#clock.now());
  }

  list(options: { after?: string; limit: number }): ApiTokenView[] {
    const now = this.#clock.now();
    return this.#store.read.tokens(options).map((token) => viewOf(token, now));
  }

  /** `check` may refuse within the commit. Throws `auth/invalid_expiry`. */
  create(wish: TokenWish, createdBy: string, check: () => void = () => {}): Promise<CreatedToken> {
    const tokenId = this.#newId('token');
    const token = newToken(tokenId, this.#random);
    const made = { token_id: tokenId, created_by: createdBy, digest: tokenDigest(token) };
    return this.#store.commit({
      load: {},
      decide: (state) => {
        check();
        const change = decideCreateToken(wish, made, state.atMs);
        state.record(change.event);
        state.keepToken(change.token);
        return { ...viewOf(change.token, state.atMs), token };
      },
    });
  }

  /** Resolves when the token opens nothing any more. Throws `auth/token_not_found`. */
  revoke(tokenId: string, revokedBy: string): Promise<ApiTokenView> {
    return this.#store.commit({
      load: {},
      decide: (state) => {
        const known = state.token(tokenId);
        const change = decideRevokeToken(known, tokenId, revokedBy, state.atMs);
        if (change !== undefined) {
          state.record(change.event);
          state.keepToken(change.token);
        }
        return viewOf((change?.token ?? known) as ApiToken, state.atMs);
      },
    });
  }

  /** Whom the token stands for at this moment; undefined where it is unknown, expired or revoked. */
  holderOf(presented: string): TokenHolder | undefined {
    const tokenId = tokenIdOf(presented);
    if (tokenId === undefined) return undefined;
    const token = this.#store.read.token(tokenId);
    const genuine = tokenMatches(presented, token?.digest ?? nobody);
    if (!genuine || token === undefined || statusOf(token, this.#clock.now()) !== 'active') {
      return undefined;
    }
    return { tokenId, role: token.role };
  }
}

function statusOf(token: ApiToken, nowMs: number): ApiTokenView['status'] {
  if (token.revoked_at_ms !== undefined) return 'revoked';
  const { expires_at_ms: end } = token;
  return end !== undefined && end <= nowMs ? 'expired' : 'active';
}

function viewOf({ digest: _never, ...token }: ApiToken, nowMs: number): ApiTokenView {
  return { ...token, status: statusOf(token, nowMs) };
}
