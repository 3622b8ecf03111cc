import * as v from 'valibot';

/** The sealed value is in its own table; the journal only says that there is a new one. */
const SecretSlotSet = v.strictObject({
  type: v.literal('secret_slot_set'),
  slot_id: v.string(),
  provider: v.string(),
  version: v.number(),
});

const SecretSlotDeleted = v.strictObject({
  type: v.literal('secret_slot_deleted'),
  slot_id: v.string(),
  version: v.number(),
});

/** Every slot was sealed anew, under another master key; the values are what they were. */
const SecretsRekeyed = v.strictObject({
  type: v.literal('secrets_rekeyed'),
  old_key_id: v.string(),
  new_key_id: v.string(),
  slots: v.array(v.strictObject({ slot_id: v.string(), version: v.number() })),
});

export const secretEvents = [SecretSlotSet, SecretSlotDeleted, SecretsRekeyed] as const;
