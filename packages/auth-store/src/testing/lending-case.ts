import { deepStrictEqual, equal } from 'node:assert/strict';
import {
  type AuthSlotRecord,
  type CredentialScope,
  KheishError,
  type NewId,
  type RandomSource,
  canonicalScope,
} from '@kheish/core-model';
import type { Store } from '@kheish/state-store';
import type { ManualClock } from '@kheish/testkit';
import { CredentialBroker } from '../broker/credential-broker.ts';
import type { LentCredentials } from '../broker/lent-credentials.ts';
import { MasterKey } from '../master-key/master-key.ts';
import { createRedactor } from '../redaction/redactor.ts';
import { SecretStore } from '../slots/secret-store.ts';

interface LendingRoot {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly newId: NewId;
  readonly random: RandomSource;
}

/** What takes something back comes less often than what gives it, so that calls are made at all. */
export const lendingSteps = {
  intend: 6,
  begin: 5,
  'revoke lease': 2,
  'revoke subject': 1,
  'restore subject': 2,
  'revoke slot': 1,
  'delete slot': 1,
  'set slot': 3,
  rekey: 1,
  'block route': 1,
  'allow route': 2,
} as const;

export type LendingStep = keyof typeof lendingSteps | { readonly waitMs: number };

interface ModelLease {
  readonly id: string;
  readonly grant: string;
  readonly slotVersion: number;
  readonly until: number;
  revoked: boolean;
}

/** A session with one route and one slot, and beside it what is expected of it, by the plainest means. */
export class LendingCase {
  readonly #root: LendingRoot;
  readonly #sessionId: string;
  readonly #slotId: string;
  readonly #use: { readonly sessionId: string; readonly routeId: string; readonly slotId: string };
  readonly #broker: CredentialBroker;
  readonly #secrets: SecretStore;
  readonly #grants = new Map<string, string>();
  #epoch = 0;
  #revoked = false;
  #version = 0;
  #holds = false;
  #revokedVersion = 0;
  #scope: CredentialScope | undefined;
  readonly #leases: ModelLease[] = [];
  #intended: { lent: LentCredentials; grant: string; held?: ModelLease } | undefined;

  constructor(root: LendingRoot) {
    this.#root = root;
    const { store, random, clock } = root;
    this.#sessionId = root.newId('session');
    this.#slotId = `slot.${this.#sessionId}`;
    this.#use = { sessionId: this.#sessionId, routeId: 'main', slotId: this.#slotId };
    this.#broker = new CredentialBroker(root);
    const key = new MasterKey(new Uint8Array(32));
    this.#secrets = new SecretStore({
      store,
      masterKey: key,
      random,
      clock,
      redactor: createRedactor(),
    });
  }

  async create(): Promise<this> {
    const agent = { type: 'session_created', agent_id: 'a', session_id: this.#sessionId } as const;
    await this.#root.store.commit({
      load: { session: this.#sessionId },
      decide: (state) => state.record(agent),
    });
    await this.take('set slot');
    return this;
  }

  async take(taken: LendingStep): Promise<void> {
    const subject = `session:${this.#sessionId}`;
    if (typeof taken === 'object') {
      this.#root.clock.advance(taken.waitMs);
      return;
    }
    switch (taken) {
      case 'intend':
        return this.#intend();
      case 'begin':
        return this.#begin();
      case 'revoke subject':
        await this.#root.store.commit(this.#broker.revokeSubject(subject));
        if (!this.#revoked) this.#epoch += 1;
        this.#revoked = true;
        return;
      case 'restore subject':
        await this.#root.store.commit(this.#broker.restoreSubject(subject));
        this.#revoked = false;
        return;
      case 'revoke lease': {
        const newest = this.#leases.at(-1);
        if (newest === undefined || newest.until < this.#root.clock.now()) return;
        await this.#root.store.commit(this.#broker.revokeLease(newest.id));
        newest.revoked = true;
        return;
      }
      case 'revoke slot': {
        const active = this.#leases.filter((lease) => this.#isActive(lease)).map(({ id }) => id);
        const answer = await this.#root.store.commit(this.#broker.revokeSlot(this.#slotId, false));
        deepStrictEqual(answer.revoked_leases.toSorted(), active.toSorted());
        this.#revokedVersion = this.#version;
        return;
      }
      case 'set slot': {
        const value = {
          slot_id: this.#slotId,
          provider: 'generic',
          mode: 'opaque_secret',
        } as const;
        await this.#secrets.set({ ...value, state: { value: 'v' } } satisfies AuthSlotRecord);
        this.#version += 1;
        this.#holds = true;
        return;
      }
      case 'rekey':
        // There and back: the cases share a root.
        for (const byte of [1, 0]) {
          await this.#secrets.rekey(new MasterKey(new Uint8Array(32).fill(byte)));
          if (!this.#holds) continue;
          if (this.#revokedVersion === this.#version) this.#revokedVersion += 1;
          this.#version += 1;
        }
        return;
      case 'delete slot':
        if (this.#holds) await this.#secrets.delete(this.#slotId);
        this.#holds = false;
        return;
      case 'block route':
        return this.#setScope({ route_allow: ['other'] });
      case 'allow route':
        return this.#setScope({ route_allow: ['other', 'main'] });
    }
  }

  async #intend(): Promise<void> {
    const made = await settled(
      this.#root.store.commit({
        load: { session: this.#sessionId },
        decide: (state) => this.#broker.decide(state, { ...this.#use, scope: this.#scope }),
      }),
    );
    const refused = this.#refusal();
    if (refused !== undefined) {
      deepStrictEqual(made, { code: refused });
      return;
    }
    const grant = (made as { value: string }).value;
    const lease = this.#expectLease(grant, 30_000);
    equal(this.#keyOf(grant), this.#grantKey());
    const lent = this.#broker.lend({
      use: this.#use,
      grantId: grant,
      reveal: () => Promise.resolve({ apiKey: lease.id }),
    });
    this.#intended = { lent, grant };
  }

  async #begin(): Promise<void> {
    const intended = this.#intended;
    if (intended === undefined) return;
    const begun = await settled(intended.lent.acquire().then(() => intended.lent.confirm()));
    const held = intended.held ?? this.#leases.findLast(({ grant }) => grant === intended.grant);
    const refused =
      this.#refusal() ?? (held?.revoked === true ? 'credentials/lease_revoked' : undefined);
    if (refused !== undefined) {
      deepStrictEqual(begun, { code: refused });
      return;
    }
    deepStrictEqual(begun, { value: undefined });
    const enough = held !== undefined && this.#isActive(held, 15_000);
    if (enough) intended.held = held;
    else {
      const newest = this.#root.store.read.authority
        .leasesOf({ subjectId: `session:${this.#sessionId}` })
        .at(-1);
      const lease = this.#expectLease(newest?.lease.grant_id ?? '', 15_000);
      equal(this.#keyOf(lease.grant), this.#grantKey());
      intended.held = lease;
    }
  }

  /** The lease that is used now, which is a new one only where there was none that lasts. */
  #expectLease(grant: string, remainingMs: number): ModelLease {
    const before = this.#leases.findLast((lease) => lease.grant === grant);
    const newest = this.#root.store.read.authority.newestLease(grant);
    if (before !== undefined && this.#isActive(before, remainingMs)) {
      equal(newest?.lease.id, before.id);
      return before;
    }
    const atMs = this.#root.clock.now();
    const { id = '' } = newest?.lease ?? {};
    deepStrictEqual(newest?.lease, {
      id,
      grant_id: grant,
      subject_id: `session:${this.#sessionId}`,
      subject_epoch: this.#epoch,
      audience: { type: 'route', route_id: 'main', slot_id: this.#slotId },
      issued_at_ms: atMs,
      expires_at_ms: atMs + 60_000,
    });
    equal(
      this.#leases.some((lease) => lease.id === id),
      false,
    );
    const until = atMs + 60_000;
    const made = { id, grant, slotVersion: this.#version, until, revoked: false };
    this.#leases.push(made);
    this.#grants.set(grant, this.#grantKey());
    return made;
  }

  #keyOf(grant: string): string | undefined {
    return this.#grants.get(grant);
  }

  /** Who may do the same has the same grant. */
  #grantKey(): string {
    return JSON.stringify([this.#epoch, canonicalScope(this.#scope ?? {})]);
  }

  #isActive(lease: ModelLease, remainingMs = 0): boolean {
    const isOfEpoch = this.#grants.get(lease.grant)?.startsWith(`[${this.#epoch},`) === true;
    return (
      !lease.revoked &&
      this.#refusalOfSubjectOrSlot() === undefined &&
      (remainingMs > 0 || this.#refusal() === undefined) &&
      isOfEpoch &&
      lease.slotVersion === this.#version &&
      lease.until >= this.#root.clock.now() + remainingMs
    );
  }

  #refusal(): string | undefined {
    const blocked =
      this.#scope !== undefined && this.#scope.route_allow?.includes('main') === false;
    if (this.#revoked) return 'credentials/subject_revoked';
    if (blocked) return 'runtime/route_blocked_by_credential_scope';
    return this.#refusalOfSubjectOrSlot();
  }

  #refusalOfSubjectOrSlot(): string | undefined {
    if (this.#revoked) return 'credentials/subject_revoked';
    if (this.#revokedVersion === this.#version) return 'credentials/slot_revoked';
    return this.#holds ? undefined : 'secrets/secret_not_found';
  }

  async #setScope(scope: CredentialScope): Promise<void> {
    const type = 'session_credential_scope_set';
    await this.#root.store.commit({
      load: { session: this.#sessionId },
      decide: (state) =>
        state.record({ type, session_id: this.#sessionId, credential_scope: scope }),
    });
    this.#scope = scope;
  }
}

async function settled<T>(made: Promise<T>): Promise<{ value: T } | { code: string }> {
  try {
    return { value: await made };
  } catch (error) {
    if (error instanceof KheishError) return { code: error.code };
    throw error;
  }
}
