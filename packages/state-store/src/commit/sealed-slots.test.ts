import type { SealedSlot } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import type { Command, LoadedSlot } from './command.ts';

function sealed(version: number, byte: number): SealedSlot {
  return {
    slot_id: 'openai.prod',
    provider: 'open_ai',
    mode: 'api_key',
    summary: 'API key (project set)',
    version,
    updated_at_ms: 1_000 + version,
    key_id: '0123456789abcdef',
    nonce: Buffer.alloc(24, byte),
    ciphertext: Buffer.alloc(40, byte),
  };
}

const slot_id = 'openai.prod';

const writing = (slot: SealedSlot): Command<void> => ({
  load: { slots: [slot_id] },
  decide: (state) => {
    const { provider, version } = slot;
    state.record({ type: 'secret_slot_set', slot_id, provider, version });
    state.seal(slot_id, slot);
  },
});

const deleting: Command<void> = {
  load: { slots: [slot_id] },
  decide: (state) => {
    const version = state.slot(slot_id).lastVersion;
    state.record({ type: 'secret_slot_deleted', slot_id, version });
    state.seal(slot_id, undefined);
  },
};

const look: Command<LoadedSlot> = {
  load: { slots: [slot_id] },
  decide: (state) => state.slot(slot_id),
};

test('a slot is kept as it was sealed, and replaced whole', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  for (const slot of [sealed(1, 1), sealed(2, 2)]) {
    await store.commit(writing(slot));
    expect(store.read.slot(slot_id)).toEqual(slot);
    expect(store.read.slots()).toEqual([slot]);
    expect(await store.commit(look)).toEqual({ slot, lastVersion: slot.version });
  }
});

test('of a deleted slot only its version stays, and when it went', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  await store.commit(writing(sealed(1, 1)));
  await store.commit(writing(sealed(2, 2)));
  root.clock.advance(5_000);
  await store.commit(deleting);
  expect(store.read.slot(slot_id)).toBeUndefined();
  expect(store.read.slots()).toEqual([]);
  expect(await store.commit(look)).toStrictEqual({ lastVersion: 2 });
  expect(root.rows('SELECT * FROM secret_slots')).toMatchObject([
    { version: 2, updated_at_ms: root.clock.now(), summary: '', nonce: null, ciphertext: null },
  ]);
  expect((await store.verify()).findings).toEqual([]);
});
