import { KheishError } from '@kheish/core-model';
import { systemRandom } from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import { CredentialBroker } from '../broker/credential-broker.ts';
import { createSlotSealer } from '../sealing/slot-sealer.ts';
import { SlotsRoot, keyOf, once, record } from '../testing/slots-root.ts';

const root = SlotsRoot.forEach();
const next = () => keyOf(9);

describe('rekey', () => {
  test('seals every slot under the new key, at once and from then on [holds secrets.rekey]', async () => {
    const kept = root.secrets();
    await kept.set(record('a', 'value of a'));
    await kept.set({ ...record('b', 'value of b'), expires_at_ms: 5 });
    await kept.set(record('gone', 'value'));
    await kept.delete('gone');
    const before = kept.list();
    expect(await kept.rekey(next())).toMatchObject({
      old_key_id: keyOf(7).keyId,
      new_key_id: keyOf(9).keyId,
      slot_count: 2,
      next_start: expect.stringContaining(`needs master key ${keyOf(9).keyId}`),
    });
    expect(kept.list()).toEqual(before.map((slot) => ({ ...slot, version: slot.version + 1 })));
    expect(root.store.read.slots().map((slot) => slot.key_id)).toEqual([
      keyOf(9).keyId,
      keyOf(9).keyId,
    ]);
    await kept.set(record('c', 'value of c'));
    for (const reading of [kept, root.secrets(next())]) {
      for (const id of ['a', 'b', 'c']) {
        expect(await reading.reveal(id)).toMatchObject(record(id, `value of ${id}`));
      }
    }
    expect(() => root.secrets()).toThrow(`sealed under master key ${keyOf(9).keyId}`);
    expect((await root.store.verify()).findings).toEqual([]);
  });

  test('is told by the journal without any secret', async () => {
    const kept = root.secrets();
    await kept.set(record('a', 'value of a'));
    await kept.rekey(next());
    const { body } = root.store.feed.page({ after: 0, limit: 10 }).rows.at(-1) ?? {};
    expect(JSON.parse(body ?? '')).toMatchObject({
      type: 'secrets_rekeyed',
      old_key_id: keyOf(7).keyId,
      new_key_id: keyOf(9).keyId,
      slots: [{ slot_id: 'a', version: 2 }],
    });
  });

  test('makes ciphertexts from before unfit', async () => {
    const kept = root.secrets();
    await kept.set(record('a', 'value of a'));
    const [old] = root.store.read.slots();
    await kept.rekey(next());
    const [now] = root.store.read.slots();
    expect(now?.version).toBe(2);
    const sealer = await createSlotSealer(keyOf(7), systemRandom);
    expect(() => sealer.openSlot({ ...old!, version: 2 })).toThrow('was changed');
  });

  test('to the key in force is refused, and changes nothing', async () => {
    const kept = root.secrets();
    await kept.set(record('a', 'value of a'));
    await expect(kept.rekey(keyOf(7))).rejects.toMatchObject({ code: 'secrets/same_master_key' });
    expect(await kept.reveal('a')).toMatchObject(record('a', 'value of a'));
  });

  test('with a damaged slot is refused as a whole; the old key stays in force and the new one is wiped', async () => {
    const kept = root.secrets();
    await kept.set(record('a', 'value of a'));
    await kept.set(record('b', 'value of b'));
    await root.reopen("UPDATE secret_slots SET ciphertext = zeroblob(40) WHERE slot_id = 'b'");
    const key = next();
    const reopened = root.secrets();
    await expect(reopened.rekey(key)).rejects.toMatchObject({ code: 'secrets/secret_corrupt' });
    expect(() => key.encryptionKey()).toThrow('wiped');
    expect(await reopened.reveal('a')).toMatchObject(record('a', 'value of a'));
    await reopened.set(record('c', 'value of c'));
    expect(await root.secrets().reveal('c')).toMatchObject(record('c', 'value of c'));
  });

  test('wipes the old key', async () => {
    const key = keyOf(7);
    const kept = root.secrets(key);
    await kept.set(record('a', 'value of a'));
    await kept.rekey(next());
    expect(() => key.encryptionKey()).toThrow('wiped');
  });

  test('without slots counts for those that follow', async () => {
    const kept = root.secrets();
    expect(await kept.rekey(next())).toMatchObject({ slot_count: 0 });
    await kept.set(record('a', 'value of a'));
    expect(await root.secrets(next()).reveal('a')).toMatchObject(record('a', 'value of a'));
  });

  test('amid writes, reads and other rekeys leaves all under the last key', async () => {
    const kept = root.secrets();
    await kept.set(record('a', 'value of a'));
    const all = Array.from({ length: 30 }, async (_, turn) => {
      if (turn % 6 === 3) return kept.rekey(keyOf(20 + turn));
      if (turn % 3 === 0) return kept.reveal('a');
      return kept.set(record(`s${turn}`, `value of s${turn}`));
    });
    await Promise.all(all);
    const last = keyOf(47);
    expect(new Set(root.store.read.slots().map((slot) => slot.key_id))).toEqual(
      new Set([last.keyId]),
    );
    for (const { slot_id } of kept.list()) {
      const value = slot_id === 'a' ? 'value of a' : `value of ${slot_id}`;
      expect(await root.secrets(keyOf(47)).reveal(slot_id)).toMatchObject(record(slot_id, value));
    }
  });

  test('once per idempotency key, also after the next start, which has the new key', async () => {
    const kept = root.secrets();
    await kept.set(record('a', 'value of a'));
    const first = await kept.rekeyOnce(next(), once('rekey'));
    expect(first).toMatchObject({ result: { slot_count: 1 } });
    expect(await kept.rekeyOnce(next(), once('rekey'))).toHaveProperty('replayed');
    expect(await root.secrets(next()).rekeyOnce(next(), once('rekey'))).toHaveProperty('replayed');
    await expect(kept.rekeyOnce(keyOf(10), once('rekey'))).rejects.toMatchObject({
      code: 'idempotency/idempotency_conflict',
    });
    expect(await kept.reveal('a')).toMatchObject(record('a', 'value of a'));
  });

  test('does not break what idempotency recognises a write by', async () => {
    const kept = root.secrets();
    await kept.setOnce(record('a', 'value of a'), once('write'));
    await kept.rekey(next());
    await kept.rekey(keyOf(10));
    for (const later of [kept, root.secrets(keyOf(10))]) {
      expect(await later.setOnce(record('a', 'value of a'), once('write'))).toHaveProperty(
        'replayed',
      );
      await expect(later.setOnce(record('a', 'other value'), once('write'))).rejects.toMatchObject({
        code: 'idempotency/idempotency_conflict',
      });
    }
  });

  test('does not give back what the operator revoked', async () => {
    const kept = root.secrets();
    await kept.set(record('a', 'value of a'));
    await kept.set(record('b', 'value of b'));
    const broker = new CredentialBroker(root);
    await root.store.commit(broker.revokeSlot('a', false));
    await kept.rekey(next());
    const { authority } = root.store.read;
    expect([authority.slot('a').revoked, authority.slot('b').revoked]).toEqual([true, false]);
    expect((await root.store.verify()).findings).toEqual([]);
    await kept.set(record('a', 'another value'));
    expect(authority.slot('a').revoked).toBe(false);
  });

  test.each([
    ['came to the disk after all', true, 9],
    ['did not come to the disk', false, 7],
  ])(
    'of which nobody knows whether it %s leaves all readable, and the next start says how',
    async (_title, landed, byte) => {
      const kept = root.secrets();
      await kept.set(record('a', 'value of a'));
      const { store } = root;
      const commit = store.commit.bind(store);
      store.commit = async (command) => {
        if (landed) await commit(command);
        throw new KheishError('storage/storage_unavailable', 'The disk is sick.');
      };
      const refused = { code: 'storage/storage_unavailable' };
      await expect(kept.rekey(next())).rejects.toMatchObject(refused);
      store.commit = commit;
      await kept.set(record('b', 'value of b'));
      for (const reading of [kept, root.secrets(keyOf(byte))]) {
        expect(await reading.reveal('a')).toMatchObject(record('a', 'value of a'));
        expect(await reading.reveal('b')).toMatchObject(record('b', 'value of b'));
      }
      expect(() => root.secrets(keyOf(16 - byte))).toThrow(keyOf(byte).keyId);
      // It can be tried again, and then it is known.
      const again = await kept.rekey(next()).catch((error: KheishError) => error.code);
      expect(again).toEqual(
        landed ? 'secrets/same_master_key' : expect.objectContaining({ slot_count: 2 }),
      );
      await kept.rekey(keyOf(10));
      expect(await root.secrets(keyOf(10)).reveal('b')).toMatchObject(record('b', 'value of b'));
    },
  );

  test('needs a key in force', async () => {
    await expect(root.with(undefined).rekey(next())).rejects.toMatchObject({
      code: 'secrets/master_key_missing',
    });
  });
});
