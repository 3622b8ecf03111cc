import {
  type AuthSubjectStatus,
  type Clock,
  type CredentialLeaseStatus,
  KheishError,
  type NewId,
  type RevokeSlotResult,
  isInScope,
  sessionOfSubject,
} from '@kheish/core-model';
import type { Authority, Command, Store, StoredLease, WorkingState } from '@kheish/state-store';
import { type RouteUse, decideLease, lasts, refuseUnlent } from './decide-lease.ts';
import { LentCredentials, type LentOptions } from './lent-credentials.ts';

export interface BrokerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: NewId;
}

/** What has to remain of a lease that a call is intended with; with less of it a new one is issued. */
const ENOUGH_MS = 30_000;

/** Lends credentials: who may use which, for how long, and what the operator took back. */
export class CredentialBroker {
  readonly #options: BrokerOptions;

  constructor(options: BrokerOptions) {
    this.#options = options;
  }

  /** Throws where the operator does not let a use of a route begin now. */
  refuse(authority: Authority, use: RouteUse): void {
    refuseUnlent(authority, use);
  }

  /**
   * For a call that is being intended: the lease is issued in the same commit, where none is there. Gives the id of its
   * grant; undefined where no credential is needed. Throws where the operator does not let it be used.
   */
  decide(state: WorkingState, use: RouteUse): string | undefined {
    const { newId } = this.#options;
    const at = { atMs: state.atMs, remainingMs: ENOUGH_MS, newId };
    return decideLease(state.authority, use, at)?.lease.grant_id;
  }

  /** The credentials for a call that was intended. */
  lend(call: Pick<LentOptions, 'use' | 'grantId' | 'reveal'>): LentCredentials {
    return new LentCredentials({ ...this.#options, ...call });
  }

  /** Throws `credentials/subject_not_found`. */
  subject(subjectId: string): AuthSubjectStatus {
    const { store, clock } = this.#options;
    this.#requireSubject(subjectId);
    return this.#statusOf(store.read.authority, subjectId, clock.now());
  }

  revokeSubject(subjectId: string): Command<AuthSubjectStatus> {
    this.#requireSubject(subjectId);
    return {
      load: {},
      decide: (state) => {
        const { revoked, epoch } = state.authority.subject(subjectId);
        if (!revoked) {
          const type = 'auth_subject_revoked';
          state.record({ type, subject_id: subjectId, epoch: epoch + 1 });
        }
        return this.#statusOf(state.authority, subjectId, state.atMs);
      },
    };
  }

  restoreSubject(subjectId: string): Command<AuthSubjectStatus> {
    this.#requireSubject(subjectId);
    return {
      load: {},
      decide: (state) => {
        if (state.authority.subject(subjectId).revoked) {
          state.record({ type: 'auth_subject_restored', subject_id: subjectId });
        }
        return this.#statusOf(state.authority, subjectId, state.atMs);
      },
    };
  }

  /** Throws `credentials/lease_not_found`. */
  lease(leaseId: string): CredentialLeaseStatus {
    const { store, clock } = this.#options;
    const { authority } = store.read;
    const stored = knownLease(authority.lease(leaseId), leaseId);
    return this.#leaseStatus(authority, stored, clock.now());
  }

  revokeLease(leaseId: string): Command<CredentialLeaseStatus> {
    return {
      load: {},
      decide: (state) => {
        const { authority } = state;
        const { lease, revoked } = knownLease(authority.lease(leaseId), leaseId);
        if (!revoked) {
          const { subject_id } = lease;
          state.record({ type: 'auth_lease_revoked', lease_id: leaseId, subject_id });
        }
        const now = knownLease(authority.lease(leaseId), leaseId);
        return this.#leaseStatus(authority, now, state.atMs);
      },
    };
  }

  /** `isInline`: the slot stands for a key in the configuration. Throws `secrets/secret_not_found`. */
  revokeSlot(slotId: string, isInline: boolean): Command<RevokeSlotResult> {
    return {
      load: {},
      decide: (state) => {
        const { authority } = state;
        const { version, revoked } = authority.slot(slotId);
        if (version === 0 && !isInline) {
          throw new KheishError('secrets/secret_not_found', `There is no secret "${slotId}".`);
        }
        const active = this.#active(authority, { slotId }, state.atMs);
        if (!revoked) state.record({ type: 'auth_slot_revoked', slot_id: slotId, version });
        return { slot_id: slotId, revoked_leases: active.map(({ lease }) => lease.id) };
      },
    };
  }

  #statusOf(authority: Authority, subjectId: string, atMs: number): AuthSubjectStatus {
    const { epoch, revoked } = authority.subject(subjectId);
    const active = this.#active(authority, { subjectId }, atMs);
    const idsOf = (type: string) =>
      active.flatMap(({ lease }) => (lease.audience.type === type ? [lease.id] : []));
    return {
      subject_id: subjectId,
      current_epoch: epoch,
      revoked,
      active_route_lease_ids: idsOf('route'),
      active_connector_lease_ids: idsOf('connector'),
      active_mcp_lease_ids: idsOf('mcp_server'),
    };
  }

  #leaseStatus(authority: Authority, stored: StoredLease, atMs: number): CredentialLeaseStatus {
    const { lease, revoked } = stored;
    return { lease, revoked, active: this.#isActive(authority, stored, atMs) };
  }

  #active(
    authority: Authority,
    of: Parameters<Authority['leasesOf']>[0],
    atMs: number,
  ): StoredLease[] {
    return authority.leasesOf(of).filter((stored) => this.#isActive(authority, stored, atMs));
  }

  #isActive(authority: Authority, stored: StoredLease, atMs: number): boolean {
    const { audience, subject_id: subjectId } = stored.lease;
    const session = this.#options.store.read.session(sessionOfSubject(subjectId) ?? '');
    const isScoped =
      audience.type === 'route' &&
      !isInScope(session?.credential_scope, 'route', audience.route_id);
    return !isScoped && lasts(authority, stored, atMs);
  }

  /** Someone who may use credentials, or might once. */
  #requireSubject(subjectId: string): void {
    const { read } = this.#options.store;
    const isKnown =
      subjectId === 'daemon' ||
      read.authority.subject(subjectId).epoch > 0 ||
      read.session(sessionOfSubject(subjectId) ?? '') !== undefined;
    if (isKnown) return;
    throw new KheishError(
      'credentials/subject_not_found',
      `There is no subject "${subjectId}". A subject is session:<id>, or daemon.`,
    );
  }
}

function knownLease(stored: StoredLease | undefined, leaseId: string): StoredLease {
  if (stored !== undefined) return stored;
  throw new KheishError(
    'credentials/lease_not_found',
    `There is no lease ${leaseId}; those that expired are forgotten.`,
  );
}
