import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuthSlotRecord, NewId } from '@kheish/core-model';
import { type IdempotencyRequest, type Store, openStore } from '@kheish/state-store';
import { ManualClock, systemRandom } from '@kheish/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MasterKey } from '../master-key/master-key.ts';
import { createRedactor } from '../redaction/redactor.ts';
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
const secrets = (key: MasterKey | undefined = keyOf(7)) =>
  new SecretStore(store, key, systemRandom, createRedactor());

function record(slotId: string, value: string): AuthSlotRecord {
  return {
    slot_id: slotId,
    provider: 'generic',
    mode: 'opaque_secret',
    state: { value },
  };
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
    const keyless = new SecretStore(store, undefined, systemRandom, createRedactor());
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
