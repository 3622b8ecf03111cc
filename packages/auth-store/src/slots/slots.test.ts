import { KheishError, type AuthSlotRecord, type SealedSlot } from '@kheish/core-model';
import type { LoadedSlot } from '@kheish/state-store';
import { beforeAll, describe, expect, test } from 'vitest';
import { MasterKey } from '../master-key/master-key.ts';
import { createSlotSealer, type SlotSealer } from '../sealing/slot-sealer.ts';
import { credentialsOf } from './credentials.ts';
import { decideDeleteSlot, decideSetSlot } from './decide-slot.ts';
import { statusOf, summaryOf } from './slot-status.ts';
import { recordsOf } from './snapshot.ts';
import { writeFingerprint } from './write-fingerprint.ts';

const key = new MasterKey(new Uint8Array(32).fill(7));
let sealer: SlotSealer;

beforeAll(async () => {
  sealer = await createSlotSealer(key, { bytes: (count) => new Uint8Array(count) });
});

function openai(accounts: { organization?: string | null; project?: string | null } = {}) {
  return {
    slot_id: 'openai.prod',
    provider: 'open_ai',
    mode: 'api_key',
    state: { kind: 'api_key', api_key: 'sk-canary', ...accounts },
  } satisfies AuthSlotRecord;
}

const anthropic: AuthSlotRecord = {
  slot_id: 'anthropic.prod',
  provider: 'anthropic',
  mode: 'api_key',
  state: { kind: 'api_key', api_key: 'sk-canary' },
};

const generic: AuthSlotRecord = {
  slot_id: 'vllm',
  provider: 'generic',
  mode: 'opaque_secret',
  state: { value: 'sk-canary' },
};

test.each([
  [generic, 'Opaque secret'],
  [anthropic, 'API key'],
  [openai(), 'API key'],
  [openai({ organization: null, project: null }), 'API key'],
  [openai({ organization: 'canary' }), 'API key (organization set)'],
  [openai({ project: 'canary' }), 'API key (project set)'],
  [openai({ organization: 'canary', project: 'canary' }), 'API key (organization and project set)'],
])('%j is summed up as %s', (record, summary) => {
  expect(summaryOf(record)).toBe(summary);
});

const named = (slot_id: string) => recordsOf({ slots: { [slot_id]: { ...generic, slot_id } } });

test('no slot takes the name that the inline key of a route has', () => {
  expect(() => named('inline-route:main')).toThrow('Nothing was imported');
  expect(named('inline:main')).toHaveLength(1);
});

test('the status has no nonce, no ciphertext and no secret', () => {
  expect(statusOf(sealer.sealSlot(openai({ project: 'p' }), 4, 99), 100)).toEqual({
    slot_id: 'openai.prod',
    provider: 'open_ai',
    mode: 'api_key',
    summary: 'API key (project set)',
    version: 4,
    updated_at_ms: 99,
    details: { project: 'p' },
  });
});

test('credentials are what a driver sends', () => {
  expect(credentialsOf(generic)).toEqual({ apiKey: 'sk-canary' });
  expect(credentialsOf(anthropic)).toEqual({ apiKey: 'sk-canary' });
  expect(credentialsOf(openai({ organization: null, project: null }))).toStrictEqual({
    apiKey: 'sk-canary',
  });
  expect(credentialsOf(openai({ organization: 'o', project: 'p' }))).toEqual({
    apiKey: 'sk-canary',
    organization: 'o',
    project: 'p',
  });
});

function stored(version: number): LoadedSlot {
  return { slot: sealer.sealSlot(openai(), version, 1), lastVersion: version };
}

describe('decisions', () => {
  test('a write seals the next version and says so', () => {
    const write = decideSetSlot({ lastVersion: 0 }, openai(), sealer, 50);
    expect(write.event).toEqual({
      type: 'secret_slot_set',
      slot_id: 'openai.prod',
      provider: 'open_ai',
      version: 1,
    });
    expect(write.slot).toMatchObject({ version: 1, updated_at_ms: 50 });
    expect(JSON.stringify(write.event)).not.toContain('canary');
    expect(decideSetSlot(stored(1), openai(), sealer, 51).slot.version).toBe(2);
  });

  test('a delete names the version that goes, and versions go on after it', () => {
    expect(decideDeleteSlot(stored(2), 'openai.prod')).toEqual({
      type: 'secret_slot_deleted',
      slot_id: 'openai.prod',
      version: 2,
    });
    expect(decideSetSlot({ lastVersion: 2 }, openai(), sealer, 1).event.version).toBe(3);
  });

  test('the sealed value of a deleted version does not pass for the new one', () => {
    const old: SealedSlot = decideSetSlot({ lastVersion: 0 }, openai(), sealer, 1).slot;
    const now = decideSetSlot({ lastVersion: 1 }, openai(), sealer, 1).slot;
    expect(() => sealer.openSlot({ ...now, nonce: old.nonce, ciphertext: old.ciphertext })).toThrow(
      KheishError,
    );
  });

  test('what is not there is not deleted', () => {
    expect(() => decideDeleteSlot({ lastVersion: 2 }, 'openai.prod')).toThrow(
      expect.objectContaining({
        code: 'secrets/secret_not_found',
        message: 'There is no secret "openai.prod".',
      }),
    );
  });
});

describe('a secret that ends', () => {
  const day = 24 * 60 * 60 * 1000;
  const end = Date.parse('2027-01-31T00:00:00.000Z');
  const at = (now: number, record: AuthSlotRecord = { ...generic, expires_at_ms: end }) =>
    statusOf(sealer.sealSlot(record, 1, 1), now);

  test.each([
    [end - 14 * day - 1, undefined],
    [end - 14 * day, ['It expires at 2027-01-31T00:00:00.000Z.']],
    [end - 1, ['It expires at 2027-01-31T00:00:00.000Z.']],
    [end, ['It expired at 2027-01-31T00:00:00.000Z.']],
  ])('at %d is warned about as %j [holds secrets.expiry]', (now, warnings) => {
    expect(at(now).warnings).toEqual(warnings);
    expect(at(now).details).toEqual({ expires_at_ms: end });
  });

  test('and one that does not is not', () => {
    expect(at(end, { ...generic, expires_at_ms: null })).toMatchObject({ details: {} });
    expect(at(end, generic).warnings).toBeUndefined();
  });

  test('one too short to be redacted is warned about', () => {
    const short = at(end, { ...generic, state: { value: '1234567' } });
    expect(short.details).toEqual({ unredacted: true });
    expect(short.warnings).toEqual([
      'It is shorter than 8 characters: texts that repeat it are not redacted.',
    ]);
    expect(at(end, { ...generic, state: { value: '12345678' } }).details).toEqual({});
  });
});

const refusal = (snapshot: unknown) => {
  try {
    return recordsOf(snapshot);
  } catch (error) {
    return (error as KheishError).message;
  }
};

describe('a snapshot', () => {
  test('gives its slots', () => {
    expect(recordsOf({ slots: { vllm: generic, 'anthropic.prod': anthropic } })).toEqual([
      generic,
      anthropic,
    ]);
  });

  test('is refused as a whole, by the name of the slot that does not fit, never by its value', () => {
    const oauth = { ...anthropic, mode: 'oauth_account' };
    expect(refusal({ slots: { vllm: generic, 'anthropic.prod': oauth } })).toMatch(
      /Nothing was imported: the slot "anthropic.prod"/,
    );
    expect(refusal({ slots: { other: generic } })).toMatch(/the slot "other"/);
    expect(refusal({ slots: { bad: { ...generic, state: 'sk-canary' } } })).not.toContain('canary');
    expect(refusal([])).toMatch(/no snapshot/);
    expect(refusal({ slots: 'sk-canary' })).toMatch(/no snapshot/);
  });
});

describe('the fingerprint of a write', () => {
  const other = new MasterKey(new Uint8Array(32).fill(8));

  test('is the same for the same record, whatever the order of its fields', () => {
    const { state, mode, provider, slot_id } = anthropic;
    const reordered = { state, mode, provider, slot_id } as AuthSlotRecord;
    expect(writeFingerprint(key.fingerprintKey(), reordered)).toBe(
      writeFingerprint(key.fingerprintKey(), anthropic),
    );
  });

  test('differs with the secret and with the master key', () => {
    const changed: AuthSlotRecord = {
      ...anthropic,
      state: { kind: 'api_key', api_key: 'sk-canarz' },
    };
    expect(
      new Set([
        writeFingerprint(key.fingerprintKey(), anthropic),
        writeFingerprint(key.fingerprintKey(), changed),
        writeFingerprint(other.fingerprintKey(), anthropic),
      ]).size,
    ).toBe(3);
  });
});
