import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type AuthSlotRecord, KheishError, type NewId } from '@kheish/core-model';
import { type IdempotencyRequest, type Store, openStore } from '@kheish/state-store';
import { ManualClock, systemRandom } from '@kheish/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CredentialBroker } from '../broker/credential-broker.ts';
import { MasterKey } from '../master-key/master-key.ts';
import { createRedactor } from '../redaction/redactor.ts';
import { createSlotSealer } from '../sealing/slot-sealer.ts';
import { SecretStore } from './secret-store.ts';

let path: string;
let store: Store;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'auth-store-'));
  store = open();
});

afterEach(async () => {
  await store.close();
  rmSync(path, { recursive: true, force: true });
});

let ids = 0;
const newId: NewId = (prefix) => `${prefix}_${(ids += 1)}`;
const clock = new ManualClock();

function open(): Store {
  return openStore({ stateRoot: path, clock, newId, version: '1.0.0' });
}

const keyOf = (byte: number) => new MasterKey(new Uint8Array(32).fill(byte));
const redactor = createRedactor();
const storeWith = (masterKey: MasterKey | undefined) =>
  new SecretStore({ store, masterKey, random: systemRandom, clock, redactor });
const secrets = (key = keyOf(7)) => storeWith(key);

function record(slotId: string, value: string): AuthSlotRecord {
  return {
    slot_id: slotId,
    provider: 'generic',
    mode: 'opaque_secret',
    state: { value },
  };
}

/** Behind the back of the store. */
function damage(statement: string): void {
  const db = new DatabaseSync(join(path, 'kheish.db'));
  db.exec(statement);
  db.close();
}

const once = (key: string): IdempotencyRequest => ({ scope: 'set', key, fingerprint: 'unkeyed' });

describe('a slot', () => {
  test('is revealed as it was set, also after the root was opened again', async () => {
    await secrets().set(record('a', 'first'));
    expect(await secrets().reveal('a')).toMatchObject(record('a', 'first'));
    await store.close();
    store = open();
    expect(await secrets().reveal('a')).toMatchObject(record('a', 'first'));
  });

  test('gets a version for each write, without a gap and without one twice', async () => {
    const twenty = Array.from({ length: 20 }, (_, n) => secrets().set(record('a', `value ${n}`)));
    const versions = (await Promise.all(twenty)).map(({ version }) => version);
    expect(versions).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(await secrets().reveal('a')).toMatchObject(record('a', 'value 19'));
  });

  test('goes on counting after it was deleted, so that no old seal fits it again', async () => {
    await secrets().set(record('a', 'old'));
    await secrets().delete('a');
    expect(secrets().list()).toEqual([]);
    await expect(secrets().reveal('a')).rejects.toMatchObject({ code: 'secrets/secret_not_found' });
    await expect(secrets().delete('a')).rejects.toMatchObject({ code: 'secrets/secret_not_found' });
    expect((await secrets().set(record('a', 'new'))).version).toBe(2);
  });

  test('that is not there is said to be so, whatever its name', async () => {
    for (const name of ['none', '__proto__', "' OR 1=1 --", '']) {
      expect(() => secrets().get(name)).toThrow('There is no secret');
      await expect(secrets().delete(name)).rejects.toThrow('There is no secret');
    }
  });
});

describe('twins', () => {
  test('write once, and all get the answer of the first', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => secrets().setOnce(record('a', 'value'), once('k'))),
    );
    const first = answers.flatMap((answer) => ('result' in answer ? [answer.result] : []));
    const later = answers.flatMap((answer) => ('replayed' in answer ? [answer.replayed] : []));
    expect(first).toHaveLength(1);
    expect(new Set(later.map(({ body }) => body))).toEqual(new Set([JSON.stringify(first[0])]));
    expect(secrets().get('a').version).toBe(1);
  });

  test('with another secret are refused, and the first stays', async () => {
    await secrets().setOnce(record('a', 'value'), once('k'));
    await expect(secrets().setOnce(record('a', 'other'), once('k'))).rejects.toMatchObject({
      code: 'idempotency/idempotency_conflict',
    });
    expect(await secrets().reveal('a')).toMatchObject(record('a', 'value'));
  });
});

describe('without the master key', () => {
  test('slots can be listed and deleted, not written or opened', async () => {
    await secrets().set(record('a', 'value'));
    const keyless = storeWith(undefined);
    expect([keyless.hasMasterKey, secrets().hasMasterKey]).toEqual([false, true]);
    expect(keyless.list().map(({ slot_id }) => slot_id)).toEqual(['a']);
    const missing = {
      code: 'secrets/master_key_missing',
      message: expect.stringContaining('Set KHEISH_AUTH_STORE_MASTER_KEY'),
    };
    await expect(keyless.set(record('a', 'x'))).rejects.toMatchObject(missing);
    await expect(keyless.setOnce(record('a', 'x'), once('k'))).rejects.toMatchObject(missing);
    await expect(keyless.reveal('a')).rejects.toMatchObject(missing);
    await keyless.delete('a');
    expect(keyless.list()).toEqual([]);
  });

  test('another key is refused, and the sentence names both', async () => {
    await secrets().set(record('a', 'value'));
    const other = keyOf(8);
    expect(() => secrets(other)).toThrow(
      expect.objectContaining({ code: 'secrets/master_key_mismatch' }),
    );
    expect(() => secrets(other)).toThrow(other.keyId);
    expect(() => secrets(other)).toThrow(keyOf(7).keyId);
    await secrets().delete('a');
    expect(secrets(other).list()).toEqual([]);
  });
});

test('no value stands in the files of the root, replaced and deleted ones included', async () => {
  const values = ['canary-kept', 'canary-replaced', 'canary-deleted', 'canary-twin'];
  await secrets().set(record('a', 'canary-replaced'));
  await secrets().set(record('a', 'canary-kept'));
  await secrets().set(record('b', 'canary-deleted'));
  await secrets().delete('b');
  await secrets().setOnce(record('c', 'canary-twin'), once('k'));
  for (const name of ['kheish.db', 'kheish.db-wal']) {
    const bytes = readFileSync(join(path, name));
    expect(values.filter((value) => bytes.includes(value))).toEqual([]);
  }
  const journal = store.feed.page({ after: 0, limit: 100 }).rows.map(({ body }) => body);
  expect(journal.join('\n')).not.toContain('canary');
  expect((await store.verify()).findings).toEqual([]);
});

const next = () => keyOf(9);

describe('rekey', () => {
  test('seals every slot under the new key, at once and from then on [holds secrets.rekey]', async () => {
    const kept = secrets();
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
    expect(store.read.slots().map((slot) => slot.key_id)).toEqual([keyOf(9).keyId, keyOf(9).keyId]);
    await kept.set(record('c', 'value of c'));
    for (const reading of [kept, secrets(next())]) {
      for (const id of ['a', 'b', 'c']) {
        expect(await reading.reveal(id)).toMatchObject(record(id, `value of ${id}`));
      }
    }
    expect(() => secrets()).toThrow(`sealed under master key ${keyOf(9).keyId}`);
    expect((await store.verify()).findings).toEqual([]);
  });

  test('is told by the journal without any secret', async () => {
    const kept = secrets();
    await kept.set(record('a', 'value of a'));
    await kept.rekey(next());
    const { body } = store.feed.page({ after: 0, limit: 10 }).rows.at(-1) ?? {};
    expect(JSON.parse(body ?? '')).toMatchObject({
      type: 'secrets_rekeyed',
      old_key_id: keyOf(7).keyId,
      new_key_id: keyOf(9).keyId,
      slots: [{ slot_id: 'a', version: 2 }],
    });
  });

  test('makes ciphertexts from before unfit', async () => {
    const kept = secrets();
    await kept.set(record('a', 'value of a'));
    const [old] = store.read.slots();
    await kept.rekey(next());
    const [now] = store.read.slots();
    expect(now?.version).toBe(2);
    const sealer = await createSlotSealer(keyOf(7), systemRandom);
    expect(() => sealer.openSlot({ ...old!, version: 2 })).toThrow('was changed');
  });

  test('to the key in force is refused, and changes nothing', async () => {
    const kept = secrets();
    await kept.set(record('a', 'value of a'));
    await expect(kept.rekey(keyOf(7))).rejects.toMatchObject({ code: 'secrets/same_master_key' });
    expect(await kept.reveal('a')).toMatchObject(record('a', 'value of a'));
  });

  test('with a damaged slot is refused as a whole; the old key stays in force and the new one is wiped', async () => {
    const kept = secrets();
    await kept.set(record('a', 'value of a'));
    await kept.set(record('b', 'value of b'));
    await store.close();
    damage("UPDATE secret_slots SET ciphertext = zeroblob(40) WHERE slot_id = 'b'");
    store = open();
    const key = next();
    const reopened = secrets();
    await expect(reopened.rekey(key)).rejects.toMatchObject({ code: 'secrets/secret_corrupt' });
    expect(() => key.encryptionKey()).toThrow('wiped');
    expect(await reopened.reveal('a')).toMatchObject(record('a', 'value of a'));
    await reopened.set(record('c', 'value of c'));
    expect(await secrets().reveal('c')).toMatchObject(record('c', 'value of c'));
  });

  test('wipes the old key', async () => {
    const key = keyOf(7);
    const kept = secrets(key);
    await kept.set(record('a', 'value of a'));
    await kept.rekey(next());
    expect(() => key.encryptionKey()).toThrow('wiped');
  });

  test('without slots counts for those that follow', async () => {
    const kept = secrets();
    expect(await kept.rekey(next())).toMatchObject({ slot_count: 0 });
    await kept.set(record('a', 'value of a'));
    expect(await secrets(next()).reveal('a')).toMatchObject(record('a', 'value of a'));
  });

  test('amid writes, reads and other rekeys leaves all under the last key', async () => {
    const kept = secrets();
    await kept.set(record('a', 'value of a'));
    const all = Array.from({ length: 30 }, async (_, turn) => {
      if (turn % 6 === 3) return kept.rekey(keyOf(20 + turn));
      if (turn % 3 === 0) return kept.reveal('a');
      return kept.set(record(`s${turn}`, `value of s${turn}`));
    });
    await Promise.all(all);
    const last = keyOf(47);
    expect(new Set(store.read.slots().map((slot) => slot.key_id))).toEqual(new Set([last.keyId]));
    for (const { slot_id } of kept.list()) {
      const value = slot_id === 'a' ? 'value of a' : `value of ${slot_id}`;
      expect(await secrets(keyOf(47)).reveal(slot_id)).toMatchObject(record(slot_id, value));
    }
  });

  test('once per idempotency key, also after the next start, which has the new key', async () => {
    const kept = secrets();
    await kept.set(record('a', 'value of a'));
    const first = await kept.rekeyOnce(next(), once('rekey'));
    expect(first).toMatchObject({ result: { slot_count: 1 } });
    expect(await kept.rekeyOnce(next(), once('rekey'))).toHaveProperty('replayed');
    expect(await secrets(next()).rekeyOnce(next(), once('rekey'))).toHaveProperty('replayed');
    await expect(kept.rekeyOnce(keyOf(10), once('rekey'))).rejects.toMatchObject({
      code: 'idempotency/idempotency_conflict',
    });
    expect(await kept.reveal('a')).toMatchObject(record('a', 'value of a'));
  });

  test('does not break what idempotency recognises a write by', async () => {
    const kept = secrets();
    await kept.setOnce(record('a', 'value of a'), once('write'));
    await kept.rekey(next());
    await kept.rekey(keyOf(10));
    for (const later of [kept, secrets(keyOf(10))]) {
      expect(await later.setOnce(record('a', 'value of a'), once('write'))).toHaveProperty(
        'replayed',
      );
      await expect(later.setOnce(record('a', 'other value'), once('write'))).rejects.toMatchObject({
        code: 'idempotency/idempotency_conflict',
      });
    }
  });

  test('does not give back what the operator revoked', async () => {
    const kept = secrets();
    await kept.set(record('a', 'value of a'));
    await kept.set(record('b', 'value of b'));
    const broker = new CredentialBroker({ store, clock, newId });
    await store.commit(broker.revokeSlot('a', false));
    await kept.rekey(next());
    const { authority } = store.read;
    expect([authority.slot('a').revoked, authority.slot('b').revoked]).toEqual([true, false]);
    expect((await store.verify()).findings).toEqual([]);
    await kept.set(record('a', 'another value'));
    expect(authority.slot('a').revoked).toBe(false);
  });

  test.each([
    ['came to the disk after all', true, 9],
    ['did not come to the disk', false, 7],
  ])(
    'of which nobody knows whether it %s leaves all readable, and the next start says how',
    async (_title, landed, byte) => {
      const kept = secrets();
      await kept.set(record('a', 'value of a'));
      const commit = store.commit.bind(store);
      store.commit = async (command) => {
        if (landed) await commit(command);
        throw new KheishError('storage/storage_unavailable', 'The disk is sick.');
      };
      const refused = { code: 'storage/storage_unavailable' };
      await expect(kept.rekey(next())).rejects.toMatchObject(refused);
      store.commit = commit;
      await kept.set(record('b', 'value of b'));
      for (const reading of [kept, secrets(keyOf(byte))]) {
        expect(await reading.reveal('a')).toMatchObject(record('a', 'value of a'));
        expect(await reading.reveal('b')).toMatchObject(record('b', 'value of b'));
      }
      expect(() => secrets(keyOf(16 - byte))).toThrow(keyOf(byte).keyId);
      // It can be tried again, and then it is known.
      const again = await kept.rekey(next()).catch((error: KheishError) => error.code);
      expect(again).toEqual(
        landed ? 'secrets/same_master_key' : expect.objectContaining({ slot_count: 2 }),
      );
      await kept.rekey(keyOf(10));
      expect(await secrets(keyOf(10)).reveal('b')).toMatchObject(record('b', 'value of b'));
    },
  );

  test('needs a key in force', async () => {
    await expect(storeWith(undefined).rekey(next())).rejects.toMatchObject({
      code: 'secrets/master_key_missing',
    });
  });
});

describe('an import', () => {
  const three = ['a', 'b', 'c'].map((id) => record(id, `value of ${id}`));

  test('writes all, and tells what it wrote', async () => {
    const report = await secrets().import(three, false);
    expect(report.imported.map(({ slot_id, version }) => [slot_id, version])).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ]);
    expect(report.replaced).toEqual([]);
    expect(await secrets().reveal('c')).toMatchObject(record('c', 'value of c'));
    expect((await store.verify()).findings).toEqual([]);
  });

  test('writes none where one is there, unless it may replace', async () => {
    const kept = secrets();
    await kept.set(record('b', 'older value'));
    await expect(kept.import(three, false)).rejects.toMatchObject({
      code: 'secrets/secret_exists',
      message: expect.stringContaining('"b" is there already'),
    });
    expect(kept.list().map(({ slot_id }) => slot_id)).toEqual(['b']);
    expect(await kept.import(three, true)).toMatchObject({ replaced: ['b'] });
    expect(await kept.reveal('b')).toMatchObject(record('b', 'value of b'));
  });

  test('happens once per idempotency key', async () => {
    const kept = secrets();
    await kept.importOnce(three, false, once('import'));
    expect(await kept.importOnce(three, false, once('import'))).toHaveProperty('replayed');
    await expect(kept.importOnce(three, true, once('import'))).rejects.toMatchObject({
      code: 'idempotency/idempotency_conflict',
    });
  });
});

describe('what is redacted', () => {
  test('is every value from before it is written, and all that are there at a start', async () => {
    await secrets().set(record('a', 'first value'));
    await secrets().import([record('b', 'second value')], false);
    expect(redactor.redact('first value, second value')).toBe('[redacted], [redacted]');
    await store.close();
    store = open();
    const fresh = createRedactor();
    const options = { store, random: systemRandom, clock, redactor: fresh };
    expect(await new SecretStore({ ...options, masterKey: keyOf(7) }).learn()).toEqual([]);
    expect(fresh.redact('first value, second value')).toBe('[redacted], [redacted]');
    expect(await new SecretStore({ ...options, masterKey: undefined }).learn()).toEqual(['a', 'b']);
  });

  test('is what can be opened; what cannot is told', async () => {
    await secrets().set(record('a', 'value of a'));
    await secrets().set(record('b', 'value of b'));
    await store.close();
    damage("UPDATE secret_slots SET summary = 'x' WHERE slot_id = 'a'");
    store = open();
    expect(await secrets().learn()).toEqual(['a']);
  });
});
