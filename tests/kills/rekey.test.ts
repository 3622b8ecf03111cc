import { SecretStore, createRedactor, parseMasterKey } from '@kheish/auth-store';
import { type CrashPoint, idFactory } from '@kheish/core-model';
import { generateMasterKey } from '@kheish/daemon';
import { openStore } from '@kheish/state-store';
import { ManualClock, systemRandom } from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import { type Sandbox, sandbox, startDaemon } from '../harness/daemon-process.ts';

const refs = ['a', 'b', 'c'];

const slotOf = (slot_id: string) =>
  ({
    slot_id,
    provider: 'generic',
    mode: 'opaque_secret',
    state: { value: `value of ${slot_id}` },
  }) as const;

async function onRoot<R>(box: Sandbox, key: string, act: (secrets: SecretStore) => Promise<R>) {
  const clock = new ManualClock();
  const newId = idFactory(clock, systemRandom);
  await using store = openStore({ stateRoot: box.stateRoot, clock, newId, version: '1' });
  expect((await store.verify()).findings).toEqual([]);
  const options = { store, clock, random: systemRandom, redactor: createRedactor() };
  return await act(new SecretStore({ ...options, masterKey: parseMasterKey(key) }));
}

/** The slots that this key opens; the id of the key that is needed where it is another one. */
async function openedBy(box: Sandbox, key: string): Promise<object[] | string> {
  try {
    return await onRoot(box, key, (secrets) => Promise.all(refs.map((ref) => secrets.reveal(ref))));
  } catch (error) {
    return /sealed under master key (\w+);/.exec((error as Error).message)?.[1] ?? String(error);
  }
}

/** The daemon's own first commit is the first; that of the rekey is the second. */
describe.each<[CrashPoint, 'old' | 'new']>([
  ['commit.begun', 'old'],
  ['commit.applied', 'old'],
  ['commit.durable', 'new'],
  ['commit.published', 'new'],
])('a daemon killed at %s of a rekey', (point, inForce) => {
  test(`leaves every slot under the ${inForce} key, and the next start says so [holds secrets.rekey_killed]`, async () => {
    using box = sandbox();
    const [old, next] = [generateMasterKey(), generateMasterKey()];
    await onRoot(box, old, (secrets) => secrets.import(refs.map(slotOf), false));
    const daemon = await startDaemon({
      sandbox: box,
      crashAt: { point, nth: 2 },
      env: { KHEISH_AUTH_STORE_MASTER_KEY: old },
    });
    const body = JSON.stringify({ new_master_key: next });
    const headers = { 'content-type': 'application/json' };
    const path = `${daemon.url}/v1/runtime/secrets/rekey`;
    await expect(fetch(path, { method: 'POST', headers, body })).rejects.toThrow('fetch failed');
    expect(await daemon.ended()).toBe('SIGKILL');

    const [fits, other] = inForce === 'old' ? [old, next] : [next, old];
    expect(await openedBy(box, fits)).toMatchObject(refs.map(slotOf));
    expect(await openedBy(box, other)).toBe(parseMasterKey(fits).keyId);
  });
});
