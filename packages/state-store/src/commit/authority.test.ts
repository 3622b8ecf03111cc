import type { DomainEvent } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import type { Store } from '../store.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import type { StoredLease } from './authority.ts';

const record = (store: Store, ...events: DomainEvent[]) =>
  store.commit({ load: {}, decide: (state) => state.record(...events) });

function leaseOf(id: string, grantId: string, atMs: number): StoredLease {
  return {
    lease: {
      id,
      grant_id: grantId,
      subject_id: 'session:s',
      subject_epoch: 0,
      audience: { type: 'route', route_id: 'main', slot_id: 'a' },
      issued_at_ms: atMs,
      expires_at_ms: atMs + 60_000,
    },
    scope: { route_allow: ['main'] },
    slotVersion: 1,
    revoked: false,
  };
}

const issue = (store: Store, id: string, grantId = 'grant') =>
  store.commit({
    load: {},
    decide: (state) => state.authority.issue(leaseOf(id, grantId, state.atMs)),
  });

const revokedSubject = { type: 'auth_subject_revoked', subject_id: 'session:s', epoch: 1 } as const;
const revokedSlot = { type: 'auth_slot_revoked', slot_id: 'a', version: 1 } as const;
const revokedLease = {
  type: 'auth_lease_revoked',
  lease_id: 'lease_1',
  subject_id: 'session:s',
} as const;

describe('what was revoked', () => {
  test('is so for the rest of its own commit, and after the root was opened again', async () => {
    await using root = new TemporaryRoot();
    const before = root.open();
    await issue(before, 'lease_1');
    const seen = await before.commit({
      load: {},
      decide: (state) => {
        state.record(revokedSubject, revokedSlot, revokedLease);
        const { authority } = state;
        return [
          authority.subject('session:s').revoked,
          authority.slot('a').revoked,
          authority.lease('lease_1')?.revoked,
          authority.newestLease('grant')?.revoked,
          authority.leasesOf({ slotId: 'a' })[0]?.revoked,
        ];
      },
    });
    expect(seen).toEqual([true, true, true, true, true]);
    await before.close();
    const { read } = root.open();
    expect(read.authority.subject('session:s')).toEqual({
      subject_id: 'session:s',
      epoch: 1,
      revoked: true,
    });
    expect(read.authority.slot('a').revoked).toBe(true);
    expect(read.authority.lease('lease_1')?.revoked).toBe(true);
    expect(read.authority.subject('session:other').revoked).toBe(false);
  });

  test('counts in the order of the journal, and never skips an epoch', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await record(store, revokedSubject);
    await record(store, { type: 'auth_subject_restored', subject_id: 'session:s' });
    expect(store.read.authority.subject('session:s')).toMatchObject({ epoch: 1, revoked: false });
    await expect(record(store, revokedSubject)).rejects.toThrow('epoch 1 after 1');
    await record(store, { ...revokedSubject, epoch: 2 });
    expect((await store.verify()).findings).toEqual([]);
  });

  test.each([
    ['auth_subject', `UPDATE auth_subjects SET revoked = 0`],
    ['auth_subject', `DELETE FROM auth_subjects`],
    ['auth_subject', `INSERT INTO auth_subjects VALUES ('session:x', 1, 1)`],
    ['revoked_slot', `UPDATE revoked_slots SET version = 0`],
    ['revoked_slot', `DELETE FROM revoked_slots`],
    ['lease', `UPDATE credential_leases SET revoked = 0`],
  ])('is compared with the journal: %s by %s', async (check, damage) => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await issue(store, 'lease_1');
    await record(store, revokedSubject, revokedSlot, revokedLease);
    expect((await store.verify()).findings).toEqual([]);
    root.sql(damage);
    expect((await store.verify()).findings.map((finding) => finding.check)).toEqual([check]);
  });
});

describe('leases', () => {
  test('ride in a commit without an event, which moves no follower', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const head = store.feed.head();
    await issue(store, 'lease_1');
    expect(store.feed.head()).toBe(head);
    const { revoked: _revoked, ...kept } = store.read.authority.lease('lease_1') ?? {};
    expect(kept).toMatchObject({ scope: { route_allow: ['main'] }, slotVersion: 1 });
    await expect(
      store.commit({
        load: {},
        decide: (state) => {
          state.authority.issue(leaseOf('lease_2', 'grant', state.atMs));
          throw new Error('refused after all');
        },
      }),
    ).rejects.toThrow('refused after all');
    expect(store.read.authority.lease('lease_2')).toBeUndefined();
    expect(store.read.authority.newestLease('grant')?.lease.id).toBe('lease_1');
  });

  test('that expired make room, but for those that were revoked within the hour', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const count = () => root.rows<{ n: number }>('SELECT count(*) n FROM credential_leases')[0]?.n;
    for (let number = 1; number <= 40; number += 1) await issue(store, `lease_${number}`);
    await record(store, revokedLease);
    root.clock.advance(60_001);
    for (let number = 1; number <= 48; number += 1) await issue(store, `new_${number}`);
    expect(count()).toBe(49);
    expect(store.read.authority.lease('lease_1')?.revoked).toBe(true);
    root.clock.advance(3_600_000);
    await record(store, { ...revokedLease, lease_id: 'new_20' });
    expect(store.read.authority.lease('lease_1')).toBeUndefined();
    expect((await store.verify()).findings).toEqual([]);
  });
});
