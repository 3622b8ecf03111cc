import { inspect } from 'node:util';
import {
  KheishError,
  type AuthSlotRecord,
  type RandomSource,
  type SealedSlot,
} from '@kheish/core-model';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { MasterKey } from '../master-key/master-key.ts';
import { createSlotSealer, type SlotSealer } from './slot-sealer.ts';

const canary = 'sk-canary-0123456789';

function countingRandom(): RandomSource {
  let next = 0;
  return {
    bytes: (count) => {
      next += 1;
      return new Uint8Array(count).fill(next);
    },
  };
}

const masterKey = new MasterKey(new Uint8Array(32).fill(7));
const otherKey = new MasterKey(new Uint8Array(32).fill(8));
let sealer: SlotSealer;
let otherSealer: SlotSealer;

beforeAll(async () => {
  sealer = await createSlotSealer(masterKey, countingRandom());
  otherSealer = await createSlotSealer(otherKey, countingRandom());
});

const openai: AuthSlotRecord = {
  slot_id: 'openai.prod',
  provider: 'open_ai',
  mode: 'api_key',
  state: { kind: 'api_key', api_key: canary, organization: 'org-1' },
};

function codeOfOpening(sealed: SealedSlot, by = sealer): string {
  try {
    by.openSlot(sealed);
  } catch (thrown) {
    if (!(thrown instanceof KheishError)) throw thrown;
    if (inspect(thrown).includes('canary')) return 'a leak';
    return thrown.code;
  }
  return 'opened';
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
}

/** Every value that differs from this one by one bit of one character, by one field, or by one. */
function neighboursOf(value: unknown): unknown[] {
  if (typeof value === 'number') return [value + 1, value - 1, -value];
  if (typeof value === 'string') {
    return Array.from({ length: value.length * 7 }, (_, at) => {
      const index = Math.floor(at / 7);
      const unit = value.charCodeAt(index) ^ (1 << (at % 7));
      return value.slice(0, index) + String.fromCharCode(unit) + value.slice(index + 1);
    }).concat(`${value}x`, value.slice(1));
  }
  const fields = Object.entries(value as object);
  return [
    undefined,
    { ...(value as object), more: 1 },
    ...fields.flatMap(([field, own]) => [
      Object.fromEntries(fields.filter(([name]) => name !== field)),
      ...neighboursOf(own).map((other) => ({ ...(value as object), [field]: other })),
    ]),
  ];
}

test('a slot opens as it was sealed', () => {
  const sealed = sealer.sealSlot(openai, 3, 1_000);
  expect(sealed).toEqual({
    slot_id: 'openai.prod',
    provider: 'open_ai',
    mode: 'api_key',
    summary: 'API key (organization set)',
    details: { organization: 'org-1' },
    version: 3,
    updated_at_ms: 1_000,
    key_id: masterKey.keyId,
    nonce: expect.any(Uint8Array),
    ciphertext: expect.any(Uint8Array),
  });
  expect(sealer.openSlot(sealed)).toEqual({ ...openai, updated_at_ms: 1_000 });
});

test('null fields of a request are left out', () => {
  const record = { ...openai, state: { ...openai.state, organization: null, project: null } };
  const opened = sealer.openSlot(sealer.sealSlot(record, 1, 1));
  expect(opened.state).toEqual({ kind: 'api_key', api_key: canary });
});

test('no part of the sealed slot shows the secret, and each sealing takes a new nonce', () => {
  const [first, second] = [sealer.sealSlot(openai, 1, 1), sealer.sealSlot(openai, 1, 1)];
  const text = `${inspect(first)}${Buffer.from(first.ciphertext).toString('latin1')}`;
  expect(text).not.toContain('canary');
  expect(first.nonce).not.toEqual(second.nonce);
  expect(first.nonce).toHaveLength(24);
  expect(first.ciphertext).not.toEqual(second.ciphertext);
});

test('what an earlier release sealed opens: its form does not change', () => {
  const sealed: SealedSlot = {
    slot_id: 'openai.prod',
    provider: 'open_ai',
    mode: 'api_key',
    summary: 'API key (organization set)',
    version: 3,
    updated_at_ms: 1_000,
    key_id: masterKey.keyId,
    nonce: new Uint8Array(24).fill(1),
    ciphertext: Buffer.from(
      'KmXKzHJdkSiFCU45OW5D2tVcigmgeFznOSymGk4LD0D32VZ/fyBMdmTesXz2CayXcqYtcz5c+C/kpum2+g/UGkWPVtIksXUIE5g5UvK08nDz3itD3JihODMH',
      'base64',
    ),
  };
  expect(sealer.openSlot(sealed)).toEqual({ ...openai, updated_at_ms: 1_000 });
});

describe('a changed slot does not open', () => {
  test('whichever byte of nonce or ciphertext is flipped', () => {
    const sealed = sealer.sealSlot(openai, 1, 1);
    const { nonce, ciphertext } = sealed;
    const changed = [
      ...Array.from(nonce, (_, at) => ({ ...sealed, nonce: flipped(nonce, at) })),
      ...Array.from(ciphertext, (_, at) => ({ ...sealed, ciphertext: flipped(ciphertext, at) })),
    ];
    expect(changed.length).toBeGreaterThan(60);
    expect(new Set(changed.map((slot) => codeOfOpening(slot)))).toEqual(
      new Set(['secrets/secret_corrupt']),
    );
  });

  test('and says so', () => {
    expect(() => sealer.openSlot({ ...sealer.sealSlot(openai, 1, 1), version: 2 })).toThrow(
      'The secret "openai.prod" was changed after it was sealed.',
    );
  });

  test('whichever character of whichever other column is changed, or whichever column is left out [holds secrets.bound]', () => {
    const dated = { ...openai, expires_at_ms: 5_000 };
    const sealed = sealer.sealSlot(dated, 12, 1_000);
    const { nonce: _nonce, ciphertext: _ciphertext, key_id: _key, ...columns } = sealed;
    const changed: SealedSlot[] = [
      { ...sealed, nonce: sealed.nonce.subarray(1) },
      { ...sealed, ciphertext: new Uint8Array() },
      { ...sealed, ciphertext: sealed.ciphertext.subarray(0, -1) },
    ];
    for (const [column, value] of Object.entries(columns)) {
      for (const other of neighboursOf(value)) changed.push({ ...sealed, [column]: other });
    }
    expect(changed.length).toBeGreaterThan(400);
    expect(new Set(changed.map((slot) => codeOfOpening(slot)))).toEqual(
      new Set(['secrets/secret_corrupt']),
    );
    expect(codeOfOpening(sealed)).toBe('opened');
  });

  test('by another key id, whichever of its characters is changed', () => {
    const sealed = sealer.sealSlot(openai, 1, 1);
    for (const key_id of neighboursOf(sealed.key_id)) {
      expect(codeOfOpening({ ...sealed, key_id: String(key_id) })).toBe(
        'secrets/master_key_mismatch',
      );
    }
  });

  test('property: with nonce and ciphertext of any other slot, version or moment', () => {
    const id = fc.constantFrom('openai.a', 'openai.b');
    const moment = fc.tuple(id, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 }));
    fc.assert(
      fc.property(moment, moment, ([idA, ...a], [idB, ...b]) => {
        const one = sealer.sealSlot({ ...openai, slot_id: idA }, ...a);
        const { nonce, ciphertext } = sealer.sealSlot({ ...openai, slot_id: idB }, ...b);
        const same = idA === idB && a.every((value, index) => value === b[index]);
        expect(codeOfOpening({ ...one, nonce, ciphertext })).toBe(
          same ? 'opened' : 'secrets/secret_corrupt',
        );
      }),
    );
  });

  test('with the ciphertext of another slot or version', () => {
    const [one, two] = [sealer.sealSlot(openai, 1, 1), sealer.sealSlot(openai, 2, 1)];
    const other = sealer.sealSlot({ ...openai, slot_id: 'openai.b' }, 1, 1);
    for (const { nonce, ciphertext } of [two, other]) {
      expect(codeOfOpening({ ...one, nonce, ciphertext })).toBe('secrets/secret_corrupt');
    }
  });
});

describe('a slot of another master key', () => {
  test('says which key it needs and which was given', () => {
    const sealed = sealer.sealSlot(openai, 1, 1);
    expect(() => otherSealer.openSlot(sealed)).toThrow(
      `The secret "openai.prod" is sealed under master key ${masterKey.keyId}; the key given is ${otherKey.keyId}.`,
    );
    expect(codeOfOpening(sealed, otherSealer)).toBe('secrets/master_key_mismatch');
  });

  test('does not open under a forged key id either', () => {
    const sealed = { ...sealer.sealSlot(openai, 1, 1), key_id: otherKey.keyId };
    expect(codeOfOpening(sealed, otherSealer)).toBe('secrets/secret_corrupt');
  });
});

test('once its key is wiped a sealer neither seals nor opens', async () => {
  const key = new MasterKey(new Uint8Array(32).fill(9));
  const closing = await createSlotSealer(key, countingRandom());
  const sealed = closing.sealSlot(openai, 1, 1);
  key.wipe();
  expect(() => closing.openSlot(sealed)).toThrow('wiped');
  expect(() => closing.sealSlot(openai, 2, 1)).toThrow('wiped');
});

test('property: what is sealed opens, for every provider and any text', () => {
  const secret = fc.string({ unit: 'binary', minLength: 1, maxLength: 80 });
  const slotId = fc.constantFrom('a', 'openai.prod', 'mcp:x_y-1');
  const generic = fc.record({
    slot_id: slotId,
    provider: fc.constant('generic'),
    mode: fc.constant('opaque_secret'),
    state: fc.record({ value: secret }),
  });
  const apiKey = fc.record({
    slot_id: slotId,
    provider: fc.constantFrom('anthropic', 'google', 'open_router', 'x_ai'),
    mode: fc.constant('api_key'),
    state: fc.record({ kind: fc.constant('api_key'), api_key: secret }),
  });
  const records = fc.oneof(generic, apiKey) as fc.Arbitrary<AuthSlotRecord>;
  fc.assert(
    fc.property(records, fc.nat(), fc.nat(), (record, version, atMs) => {
      expect(sealer.openSlot(sealer.sealSlot(record, version, atMs))).toEqual({
        ...record,
        updated_at_ms: atMs,
      });
    }),
  );
});
