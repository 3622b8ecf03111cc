import {
  type AuthSubject,
  type CredentialLease,
  type CredentialScope,
  type DomainEvent,
  evolveAuthSubject,
} from '@kheish/core-model';
import { storedJson } from '../root/storage-error.ts';
import type { KeptAuthority } from './kept-authority.ts';
import type { LeaseRow, Statements, loads } from './statements.ts';

/** What a slot has to lend. */
export interface SlotHold {
  /** Of its newest secret; 0 where there never was one. */
  readonly version: number;
  /** Its secret was not deleted. */
  readonly holds: boolean;
  /** The operator revoked that version. */
  readonly revoked: boolean;
}

/** A lease as it is kept, with what its grant was given for. */
export interface StoredLease {
  readonly lease: CredentialLease;
  readonly scope: CredentialScope;
  /** Of the slot when it was issued; absent for an audience without one. */
  readonly slotVersion: number;
  /** The operator revoked this one. */
  readonly revoked: boolean;
}

/** Who may use credentials, and what is lent to whom. */
export interface Authority {
  subject(subjectId: string): AuthSubject;
  slot(slotId: string): SlotHold;
  lease(leaseId: string): StoredLease | undefined;
  newestLease(grantId: string): StoredLease | undefined;
  /** In order of issue; those that expired some time ago are not kept. */
  leasesOf(of: { readonly subjectId: string } | { readonly slotId: string }): StoredLease[];
}

type Rows = Pick<
  ReturnType<typeof loads>,
  | 'authSubject'
  | 'slotVersion'
  | 'revokedSlot'
  | 'lease'
  | 'newestLease'
  | 'leasesOfSubject'
  | 'leasesOfSlot'
>;

export function storedAuthority(rows: Rows, kept: KeptAuthority): Authority {
  return {
    subject: (subjectId) => {
      const stored = kept.subjects.get(subjectId, () => {
        const row = rows.authSubject.get(subjectId);
        return row && { subject_id: subjectId, epoch: row.epoch, revoked: row.revoked === 1 };
      });
      return stored ?? { subject_id: subjectId, epoch: 0, revoked: false };
    },
    slot: (slotId) => kept.slots.get(slotId, () => slotHold(rows, slotId)) ?? nothingHeld,
    lease: (leaseId) => kept.leases.get(leaseId, () => leaseOf(rows.lease.get(leaseId))),
    newestLease: (grantId) =>
      kept.newestLeases.get(grantId, () => leaseOf(rows.newestLease.get(grantId))),
    leasesOf: (of) =>
      ('subjectId' in of
        ? rows.leasesOfSubject.all(of.subjectId)
        : rows.leasesOfSlot.all(of.slotId)
      )
        .map(leaseOf)
        .filter((lease) => lease !== undefined),
  };
}

const nothingHeld: SlotHold = { version: 0, holds: false, revoked: false };

function slotHold(rows: Rows, slotId: string): SlotHold {
  const { version = 0, holds = 0 } = rows.slotVersion.get(slotId) ?? {};
  const revoked = rows.revokedSlot.get(slotId);
  return {
    version,
    holds: holds === 1,
    revoked: revoked !== undefined && revoked.version >= version,
  };
}

function leaseOf(row: LeaseRow | undefined): StoredLease | undefined {
  if (row === undefined) return undefined;
  const { body, revoked } = row;
  return { ...(storedJson(body) as Omit<StoredLease, 'revoked'>), revoked: revoked === 1 };
}

/** One lease of so many takes expired ones out, twice as many, so that there are never many of them. */
const PRUNED_EVERY = 16;

/** A call that was intended with a revoked lease must find it, however late it begins. */
const REVOKED_KEPT_MS = 60 * 60 * 1000;

/** The authority as one command makes it. */
export class WorkingAuthority implements Authority {
  readonly #stored: Authority;
  readonly #kept: KeptAuthority;
  readonly #subjects = new Map<string, AuthSubject>();
  readonly #revokedSlots = new Map<string, number>();
  readonly #revokedLeases = new Set<string>();
  readonly #issued: StoredLease[] = [];

  constructor(rows: Rows, kept: KeptAuthority) {
    this.#kept = kept;
    this.#stored = storedAuthority(rows, kept);
  }

  get hasIssued(): boolean {
    return this.#issued.length > 0;
  }

  subject(subjectId: string): AuthSubject {
    return this.#subjects.get(subjectId) ?? this.#stored.subject(subjectId);
  }

  slot(slotId: string): SlotHold {
    const slot = this.#stored.slot(slotId);
    return { ...slot, revoked: slot.revoked || this.#revokedSlots.has(slotId) };
  }

  lease(leaseId: string): StoredLease | undefined {
    return this.#now(
      this.#issued.find(({ lease }) => lease.id === leaseId) ?? this.#stored.lease(leaseId),
    );
  }

  newestLease(grantId: string): StoredLease | undefined {
    const own = this.#issued.findLast(({ lease }) => lease.grant_id === grantId);
    return this.#now(own ?? this.#stored.newestLease(grantId));
  }

  leasesOf(of: Parameters<Authority['leasesOf']>[0]): StoredLease[] {
    return this.#stored.leasesOf(of).flatMap((lease) => this.#now(lease) ?? []);
  }

  issue(lease: StoredLease): void {
    this.#issued.push(lease);
  }

  /** Takes an event of credentials in. */
  follow(event: DomainEvent): void {
    switch (event.type) {
      case 'auth_subject_revoked':
      case 'auth_subject_restored':
        this.#subjects.set(
          event.subject_id,
          evolveAuthSubject(this.subject(event.subject_id), event),
        );
        return;
      case 'auth_slot_revoked':
        this.#revokedSlots.set(event.slot_id, event.version);
        return;
      case 'auth_lease_revoked':
        this.#revokedLeases.add(event.lease_id);
        return;
      case 'secrets_rekeyed':
        // The values are what they were, and so is what the operator said of them.
        for (const { slot_id: slotId, version } of event.slots) {
          if (this.slot(slotId).revoked) this.#revokedSlots.set(slotId, version);
        }
        return;
      default:
    }
  }

  write(statements: Statements, atMs: number): void {
    const changes = this.#subjects.size + this.#revokedSlots.size + this.#revokedLeases.size;
    if (changes > 0) this.#kept.forget();
    for (const { subject_id: id, epoch, revoked } of this.#subjects.values()) {
      statements.putAuthSubject.run(id, epoch, Number(revoked));
    }
    for (const [slotId, version] of this.#revokedSlots) {
      statements.putRevokedSlot.run(slotId, version);
    }
    for (const leaseId of this.#revokedLeases) {
      statements.revokeLease.run(leaseId);
      statements.pruneRevokedLeases.run(atMs - REVOKED_KEPT_MS);
    }
    for (const issued of this.#issued) {
      const { lease, scope, slotVersion } = issued;
      const { id, grant_id: grantId, subject_id: subjectId, audience } = lease;
      const slotId = 'slot_id' in audience ? audience.slot_id : null;
      const body = JSON.stringify({ lease, scope, slotVersion });
      statements.insertLease.run(id, grantId, subjectId, slotId, lease.expires_at_ms, body);
      const { issues } = this.#kept.issued(issued);
      if (issues % PRUNED_EVERY === 1) statements.pruneLeases.run(atMs, 2 * PRUNED_EVERY);
    }
  }

  #now(stored: StoredLease | undefined): StoredLease | undefined {
    if (stored === undefined || !this.#revokedLeases.has(stored.lease.id)) return stored;
    return { ...stored, revoked: true };
  }
}
