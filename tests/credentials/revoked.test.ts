import { fakeProtocolOf, startFakeProvider } from '@kheish/testkit';
import { expect, test } from 'vitest';
import { sandbox } from '../harness/daemon-process.ts';
import { Lending } from './lending.ts';

test('who is revoked sends nothing, also after a kill, until it is restored [holds credentials.revoked_for_good]', async () => {
  using box = sandbox();
  await using provider = await startFakeProvider({ protocol: fakeProtocolOf.openai_compatible });
  await using root = new Lending(box, provider.url);
  await root.sealOffline('first-key');
  await root.restart();
  await root.client.sessions.create({ session_id: 'demo' });
  await root.client.sessions.create({ session_id: 'other' });
  expect(await root.turn('demo')).toBe('completed');
  const { auth } = root.client.runtime;
  const { active_route_lease_ids: leases, ...subject } = await auth.subject('session:demo');
  expect(subject).toMatchObject({ current_epoch: 0, revoked: false });
  expect(leases).toHaveLength(1);
  expect(await auth.lease(leases[0] ?? '')).toMatchObject({
    lease: {
      subject_id: 'session:demo',
      subject_epoch: 0,
      audience: { type: 'route', route_id: 'main', slot_id: 'main.prod' },
    },
    revoked: false,
    active: true,
  });

  const revoked = await root.command('runtime', 'auth', 'revoke-subject', 'session:demo');
  expect(JSON.parse(revoked.stdout)).toMatchObject({
    current_epoch: 1,
    revoked: true,
    active_route_lease_ids: [],
  });
  await root.restart();
  const refused = await root.command('sessions', 'input', 'demo', 'again', '--wait');
  expect(refused.code).toBe(4);
  const mend = /kheish (runtime auth restore-subject session:demo)/.exec(refused.stderr)?.[1] ?? '';
  expect(await root.turn('other')).toBe('completed');
  expect(provider.requests).toHaveLength(2);

  expect(await root.command(...mend.split(' '))).toMatchObject({ code: 0 });
  expect(await root.turn('demo')).toBe('completed');

  const { revoked_leases } = await root.client.runtime.auth.revokeSlot('main.prod');
  expect(revoked_leases.length).toBeGreaterThan(0);
  await root.restart();
  await expect(root.turn('other')).rejects.toMatchObject({ code: 'credentials/slot_revoked' });
  await root.seal('second-key');
  expect(await root.turn('other')).toBe('completed');
  expect(provider.requests.map(({ headers }) => headers.authorization)).toEqual(
    ['first-key', 'first-key', 'first-key', 'second-key'].map((key) => `Bearer ${key}`),
  );
  expect(await root.client.store.verify()).toMatchObject({ ok: true });
});
