import { hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { MasterKey } from './master-key.ts';

const bytes = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
const hex = (data: Uint8Array | ArrayBuffer) => Buffer.from(new Uint8Array(data)).toString('hex');

test('key id and subkeys stay what they are: stored secrets depend on them', () => {
  const key = new MasterKey(bytes);
  const derived = (purpose: string, length: number) =>
    hex(hkdfSync('sha256', bytes, new Uint8Array(0), `kheish/auth-store/v1/${purpose}`, length));
  expect(key.keyId).toBe(derived('key-id', 8));
  expect(hex(key.encryptionKey())).toBe(derived('slot-encryption', 32));
  expect(hex(key.fingerprintKey())).toBe(derived('write-fingerprint', 32));
});

test('no purpose shares bytes with another or with the key', () => {
  const key = new MasterKey(bytes);
  const [encryption, fingerprint] = [hex(key.encryptionKey()), hex(key.fingerprintKey())];
  expect(key.keyId).toMatch(/^[0-9a-f]{16}$/);
  expect(new Set([encryption, fingerprint, hex(bytes)]).size).toBe(3);
  for (const secret of [encryption, fingerprint, hex(bytes)]) {
    expect(secret).not.toContain(key.keyId);
  }
});

test('keys that differ in one bit have different ids', () => {
  const near = bytes.map((byte, index) => (index === 31 ? byte ^ 1 : byte));
  expect(new MasterKey(near).keyId).not.toBe(new MasterKey(bytes).keyId);
});

test('printing and serialising show the key id alone', () => {
  const key = new MasterKey(bytes);
  expect(JSON.parse(JSON.stringify(key))).toEqual({ keyId: key.keyId });
  expect(inspect(key, { showHidden: true, getters: true, depth: 9 })).toBe(
    `MasterKey { keyId: '${key.keyId}' }`,
  );
});

test('the key does not change when the caller overwrites its bytes', () => {
  const own = bytes.slice();
  const key = new MasterKey(own);
  const before = hex(key.encryptionKey());
  own.fill(0);
  expect(hex(key.encryptionKey())).toBe(before);
});

test('wiping overwrites the subkeys and ends their use', () => {
  const key = new MasterKey(bytes);
  const subkeys = [key.encryptionKey(), key.fingerprintKey()];
  key.wipe();
  expect(subkeys.flatMap((subkey) => [...subkey]).every((byte) => byte === 0)).toBe(true);
  expect(() => key.encryptionKey()).toThrow('wiped');
  expect(() => key.fingerprintKey()).toThrow('wiped');
});

test('only 32 bytes are a key', () => {
  expect(() => new MasterKey(new Uint8Array(31))).toThrow('32 bytes');
});
