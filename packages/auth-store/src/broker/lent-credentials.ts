import { type Clock, KheishError, type NewId } from '@kheish/core-model';
import type { Store, StoredLease } from '@kheish/state-store';
import type { Credentials } from '../slots/credentials.ts';
import { type RouteUse, decideLease, lasts, refuseUnlent } from './decide-lease.ts';

/** What has to remain of a lease when a call is about to begin: longer than a connection takes. */
const ENOUGH_MS = 15_000;

/** Nothing, where a route needs no key. */
type Sent = Partial<Credentials>;

export interface LentOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly use: Omit<RouteUse, 'scope'>;
  /** Under which the use was intended. */
  readonly grantId: string | undefined;
  /** The bytes as they are now. */
  readonly reveal: () => Promise<Sent>;
}

/**
 * The credentials of a route for one call, on loan. Each attempt looks again whether they may be used, and once more in
 * the moment in which they go out.
 */
export class LentCredentials {
  readonly #options: LentOptions;
  #lease: StoredLease | undefined;

  constructor(options: LentOptions) {
    this.#options = options;
  }

  /** Has a lease that lasts; an expired one is renewed. Rejects where the operator does not let them be used. */
  async ready(): Promise<void> {
    const { store, use } = this.#options;
    refuseUnlent(store.read.authority, this.#use());
    if (use.slotId !== undefined) this.#lease = await this.#usable();
  }

  /** For one attempt. Rejects as `ready`. */
  async acquire(): Promise<Sent> {
    await this.ready();
    return this.#options.reveal();
  }

  /** Throws where they may not go out any more. */
  confirm(): void {
    const { store, clock } = this.#options;
    const { authority } = store.read;
    refuseUnlent(authority, this.#use());
    if (this.#lease === undefined) return;
    const { id } = this.#lease.lease;
    const now = authority.lease(id);
    if (now !== undefined) refuseRevoked(now);
    if (now === undefined || !lasts(authority, now, clock.now())) {
      throw new KheishError(
        'credentials/lease_expired',
        `Lease ${id} came to its end before the call began.`,
      );
    }
  }

  async #usable(): Promise<StoredLease> {
    const { store, clock, newId, grantId, use } = this.#options;
    const { authority } = store.read;
    const known = this.#lease?.lease;
    const held =
      known === undefined ? authority.newestLease(grantId ?? '') : authority.lease(known.id);
    if (held !== undefined) {
      refuseRevoked(held);
      if (lasts(authority, held, clock.now() + ENOUGH_MS)) return held;
    }
    const issued = await store.commit({
      load: { session: use.sessionId },
      decide: (state) => {
        const scope = state.session(use.sessionId)?.credential_scope;
        const at = { atMs: state.atMs, remainingMs: ENOUGH_MS, newId };
        return decideLease(state.authority, { ...use, scope }, at);
      },
    });
    if (issued === undefined) throw new Error('a slot without a lease');
    return issued;
  }

  #use(): RouteUse {
    const { store, use } = this.#options;
    return { ...use, scope: store.read.session(use.sessionId)?.credential_scope };
  }
}

function refuseRevoked({ lease, revoked }: StoredLease): void {
  if (!revoked) return;
  throw new KheishError(
    'credentials/lease_revoked',
    `The operator revoked lease ${lease.id}, with which this call was to be made. The next run gets another.`,
  );
}
