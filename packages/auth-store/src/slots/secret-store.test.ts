import { readFileSync } from 'node:fs';
import { systemRandom } from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../redaction/redactor.ts';
import { SlotsRoot, keyOf, once, record } from '../testing/slots-root.ts';
import { SecretStore } from './secret-store.ts';

const root = SlotsRoot.forEach();

describe('a slot', () => {
  test('is revealed as it was set, also after the root was opened again', async () => {
    await root.secrets().set(record('a', 'first'));
    expect(await root.secrets().reveal('a')).toMatchObject(record('a', 'first'));
    await root.reopen();
    expect(await root.secrets().reveal('a')).toMatchObject(record('a', 'first'));
  });

  test('gets a version for each write, without a gap and without one twice', async () => {
    const twenty = Array.from({ length: 20 }, (_, n) =>
      root.secrets().set(record('a', `value ${n}`)),
    );
    const versions = (await Promise.all(twenty)).map(({ version }) => version);
    expect(versions).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    expect(await root.secrets().reveal('a')).toMatchObject(record('a', 'value 19'));
  });

  test('goes on counting after it was deleted, so that no old seal fits it again', async () => {
    await root.secrets().set(record('a', 'old'));
    await root.secrets().delete('a');
    expect(root.secrets().list()).toEqual([]);
    await expect(root.secrets().reveal('a')).rejects.toMatchObject({
      code: 'secrets/secret_not_found',
    });
    await expect(root.secrets().delete('a')).rejects.toMatchObject({
      code: 'secrets/secret_not_found',
    });
    expect((await root.secrets().set(record('a', 'new'))).version).toBe(2);
  });

  test('that is not there is said to be so, whatever its name', async () => {
    for (const name of ['none', '__proto__', "' OR 1=1 --", '']) {
      expect(() => root.secrets().get(name)).toThrow('There is no secret');
      await expect(root.secrets().delete(name)).rejects.toThrow('There is no secret');
    }
  });
});

describe('twins', () => {
  test('write once, and all get the answer of the first', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => root.secrets().setOnce(record('a', 'value'), once('k'))),
    );
    const first = answers.flatMap((answer) => ('result' in answer ? [answer.result] : []));
    const later = answers.flatMap((answer) => ('replayed' in answer ? [answer.replayed] : []));
    expect(first).toHaveLength(1);
    expect(new Set(later.map(({ body }) => body))).toEqual(new Set([JSON.stringify(first[0])]));
    expect(root.secrets().get('a').version).toBe(1);
  });

  test('with another secret are refused, and the first stays', async () => {
    await root.secrets().setOnce(record('a', 'value'), once('k'));
    await expect(root.secrets().setOnce(record('a', 'other'), once('k'))).rejects.toMatchObject({
      code: 'idempotency/idempotency_conflict',
    });
    expect(await root.secrets().reveal('a')).toMatchObject(record('a', 'value'));
  });
});

describe('without the master key', () => {
  test('slots can be listed and deleted, not written or opened', async () => {
    await root.secrets().set(record('a', 'value'));
    const keyless = root.with(undefined);
    expect([keyless.hasMasterKey, root.secrets().hasMasterKey]).toEqual([false, true]);
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
    await root.secrets().set(record('a', 'value'));
    const other = keyOf(8);
    expect(() => root.secrets(other)).toThrow(
      expect.objectContaining({ code: 'secrets/master_key_mismatch' }),
    );
    expect(() => root.secrets(other)).toThrow(other.keyId);
    expect(() => root.secrets(other)).toThrow(keyOf(7).keyId);
    await root.secrets().delete('a');
    expect(root.secrets(other).list()).toEqual([]);
  });
});

test('no value stands in the files of the root, replaced and deleted ones included', async () => {
  const values = ['canary-kept', 'canary-replaced', 'canary-deleted', 'canary-twin'];
  await root.secrets().set(record('a', 'canary-replaced'));
  await root.secrets().set(record('a', 'canary-kept'));
  await root.secrets().set(record('b', 'canary-deleted'));
  await root.secrets().delete('b');
  await root.secrets().setOnce(record('c', 'canary-twin'), once('k'));
  for (const name of ['kheish.db', 'kheish.db-wal']) {
    const bytes = readFileSync(root.at(name));
    expect(values.filter((value) => bytes.includes(value))).toEqual([]);
  }
  const journal = root.store.feed.page({ after: 0, limit: 100 }).rows.map(({ body }) => body);
  expect(journal.join('\n')).not.toContain('canary');
  expect((await root.store.verify()).findings).toEqual([]);
});

describe('an import', () => {
  const three = ['a', 'b', 'c'].map((id) => record(id, `value of ${id}`));

  test('writes all, and tells what it wrote', async () => {
    const report = await root.secrets().import(three, false);
    expect(report.imported.map(({ slot_id, version }) => [slot_id, version])).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ]);
    expect(report.replaced).toEqual([]);
    expect(await root.secrets().reveal('c')).toMatchObject(record('c', 'value of c'));
    expect((await root.store.verify()).findings).toEqual([]);
  });

  test('writes none where one is there, unless it may replace', async () => {
    const kept = root.secrets();
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
    const kept = root.secrets();
    await kept.importOnce(three, false, once('import'));
    expect(await kept.importOnce(three, false, once('import'))).toHaveProperty('replayed');
    await expect(kept.importOnce(three, true, once('import'))).rejects.toMatchObject({
      code: 'idempotency/idempotency_conflict',
    });
  });
});

describe('what is redacted', () => {
  test('is every value from before it is written, and all that are there at a start', async () => {
    await root.secrets().set(record('a', 'first value'));
    await root.secrets().import([record('b', 'second value')], false);
    expect(root.redactor.redact('first value, second value')).toBe('[redacted], [redacted]');
    await root.reopen();
    const fresh = createRedactor();
    const { store, clock } = root;
    const options = { store, random: systemRandom, clock, redactor: fresh };
    expect(await new SecretStore({ ...options, masterKey: keyOf(7) }).learn()).toEqual([]);
    expect(fresh.redact('first value, second value')).toBe('[redacted], [redacted]');
    expect(await new SecretStore({ ...options, masterKey: undefined }).learn()).toEqual(['a', 'b']);
  });

  test('is what can be opened; what cannot is told', async () => {
    await root.secrets().set(record('a', 'value of a'));
    await root.secrets().set(record('b', 'value of b'));
    await root.reopen("UPDATE secret_slots SET summary = 'x' WHERE slot_id = 'a'");
    expect(await root.secrets().learn()).toEqual(['a']);
  });
});
