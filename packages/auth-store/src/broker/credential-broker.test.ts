import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewId } from '@kheish/core-model';
import { type Store, openStore } from '@kheish/state-store';
import { ManualClock } from '@kheish/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CredentialBroker } from './credential-broker.ts';
import { inlineSlotOf } from './decide-lease.ts';

let path: string;
let store: Store;
let broker: CredentialBroker;
let ids = 0;
const newId: NewId = (prefix) => `${prefix}_${(ids += 1)}`;
const clock = new ManualClock();

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'broker-'));
  store = openStore({ stateRoot: path, clock, newId, version: '1.0.0' });
  broker = new CredentialBroker({ store, clock, newId });
  await store.commit({
    load: { session: 's' },
    decide: (state) => state.record({ type: 'session_created', session_id: 's', agent_id: 'a' }),
  });
});

afterEach(async () => {
  await store.close();
  rmSync(path, { recursive: true, force: true });
});

const slotId = inlineSlotOf('main');

async function lease(): Promise<string> {
  const use = { sessionId: 's', scope: undefined, routeId: 'main', slotId };
  await store.commit({ load: { session: 's' }, decide: (state) => broker.decide(state, use) });
  return broker.subject('session:s').active_route_lease_ids.at(-1) ?? '';
}

test.each(['session:gone', 'session:', 'agent:a', 'connector:mail', 'nobody', ''])(
  'nobody is called "%s"',
  (subjectId) => {
    const problem = expect.objectContaining({ code: 'credentials/subject_not_found' });
    expect(() => broker.subject(subjectId)).toThrow(problem);
    expect(() => broker.revokeSubject(subjectId)).toThrow(problem);
    expect(() => broker.restoreSubject(subjectId)).toThrow(problem);
  },
);

test('what is revoked or restored already stays as it is, and nothing is written', async () => {
  const head = () => store.feed.head();
  await store.commit(broker.revokeSubject('session:s'));
  const revoked = head();
  expect(await store.commit(broker.revokeSubject('session:s'))).toMatchObject({ current_epoch: 1 });
  expect(head()).toBe(revoked);
  await store.commit(broker.restoreSubject('session:s'));
  const restored = head();
  await store.commit(broker.restoreSubject('session:s'));
  expect(head()).toBe(restored);
  await store.commit(broker.revokeSlot(slotId, true));
  await store.commit(broker.revokeSlot(slotId, true));
  expect(head()).toBe(restored + 1);
  expect(broker.subject('daemon')).toMatchObject({ current_epoch: 0, revoked: false });
});

test('a lease says of itself what holds, to its end', async () => {
  const first = await lease();
  expect(broker.lease(first)).toMatchObject({ revoked: false, active: true });
  await store.commit(broker.revokeLease(first));
  expect(broker.lease(first)).toMatchObject({ revoked: true, active: false });
  expect(broker.subject('session:s').active_route_lease_ids).toEqual([]);

  const second = await lease();
  expect(second).not.toBe(first);
  clock.advance(60_000);
  expect(broker.lease(second)).toMatchObject({ revoked: false, active: true });
  clock.advance(1);
  expect(broker.lease(second)).toMatchObject({ revoked: false, active: false });
  expect(() => broker.lease('lease_0')).toThrow(
    expect.objectContaining({ code: 'credentials/lease_not_found' }),
  );
});

test('a clock that is set back makes no lease longer', async () => {
  const first = await lease();
  clock.advance(-86_400_000);
  expect(broker.lease(first)).toMatchObject({ active: false });
  const second = await lease();
  expect(second).not.toBe(first);
  expect(broker.lease(second)).toMatchObject({ active: true });
});

test('a slot of which nobody knows is not revoked; one that stands for a key in the configuration is, for good', async () => {
  await expect(store.commit(broker.revokeSlot('main.prod', false))).rejects.toMatchObject({
    code: 'secrets/secret_not_found',
  });
  const active = await lease();
  expect(await store.commit(broker.revokeSlot(slotId, true))).toEqual({
    slot_id: slotId,
    revoked_leases: [active],
  });
  await expect(lease()).rejects.toMatchObject({
    code: 'credentials/slot_revoked',
    message: expect.stringContaining('auth_ref') as unknown,
  });
});
