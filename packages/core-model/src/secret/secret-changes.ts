import * as v from 'valibot';
import { AuthSlotRecord, AuthSlotStatus } from './auth-slot.ts';

/** The text of the new key: 32 bytes, or the base64 of 32 bytes. */
export const RekeyRequest = v.strictObject({
  new_master_key: v.pipe(v.string(), v.nonEmpty(), v.maxLength(1024)),
});
export type RekeyRequest = v.InferOutput<typeof RekeyRequest>;

export const RekeyReport = v.strictObject({
  old_key_id: v.string(),
  new_key_id: v.string(),
  slot_count: v.number(),
  /** What the next start needs, in a sentence. */
  next_start: v.string(),
});
export type RekeyReport = v.InferOutput<typeof RekeyReport>;

/** A snapshot in plain text: every slot by its id. */
export const SecretsImport = v.strictObject({
  slots: v.record(v.string(), AuthSlotRecord),
  /** Also slots that are there already. */
  replace: v.optional(v.boolean()),
});
export type SecretsImport = v.InferOutput<typeof SecretsImport>;

export const ImportReport = v.strictObject({
  imported: v.array(AuthSlotStatus),
  /** Ids of those that were there before. */
  replaced: v.array(v.string()),
});
export type ImportReport = v.InferOutput<typeof ImportReport>;
