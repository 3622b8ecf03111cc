import * as v from 'valibot';

const hexOf = (bytes: number) =>
  v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`)));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Signed: what the log of one state root was at a moment. Saved elsewhere, it shows later that history only grew. */
export const AuditCheckpoint = v.strictObject({
  domain: v.literal('kheish/audit/checkpoint/v1'),
  /** The public key, in hex. */
  key_id: hexOf(32),
  /** The id of the state root. */
  log_id: v.string(),
  /** SHA-256 of what was signed for the checkpoint before this one; absent in the first. */
  previous_hash: v.optional(hexOf(32)),
  /** RFC 6962 root over all entries. */
  root_hash: hexOf(32),
  /** Ed25519 over the canonical JSON (RFC 8785) of the other fields. */
  signature: hexOf(64),
  timestamp_ms: v.number(),
  /** How many entries there were. */
  tree_size: count,
});
export type AuditCheckpoint = v.InferOutput<typeof AuditCheckpoint>;

/** What was signed, with its signature in hex; undefined where that is not the form of a checkpoint. */
export function auditCheckpointOf(body: string, signature: string): AuditCheckpoint | undefined {
  try {
    const statement = JSON.parse(body) as object;
    const { success, output } = v.safeParse(AuditCheckpoint, { ...statement, signature });
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}

/** Shows that one entry is in the log of a checkpoint. */
export const AuditInclusionProof = v.strictObject({
  domain: v.literal('kheish/audit/proof/v1'),
  log_id: v.string(),
  log_index: count,
  /** The entry itself: its canonical JSON is the leaf. */
  entry: v.record(v.string(), v.union([v.string(), v.number()])),
  tree_size: count,
  root_hash: hexOf(32),
  /** RFC 6962 section 2.1.1, from the leaf upwards. */
  inclusion: v.array(hexOf(32)),
  /** The signature of the commit that wrote it. */
  seal: v.strictObject({
    first_index: count,
    key_id: hexOf(32),
    path: v.array(hexOf(32)),
    signature: hexOf(64),
    size: count,
  }),
  /** Signed for this tree size or a larger one. */
  checkpoint: AuditCheckpoint,
  /** From `tree_size` to the size of the checkpoint; absent where they are the same. */
  consistency: v.optional(v.array(hexOf(32))),
});
export type AuditInclusionProof = v.InferOutput<typeof AuditInclusionProof>;

/** How the record of external actions does. */
export const AuditStatusView = v.strictObject({
  ok: v.boolean(),
  /** Why nothing can be put on the record now. */
  failure: v.optional(v.string()),
  log_id: v.string(),
  /** Entries. */
  size: count,
  key: v.strictObject({
    key_id: hexOf(32),
    source: v.picklist(['environment', 'file', 'state_root']),
    /** It lies beside the log: who can write the log can sign what they wrote. */
    co_located: v.boolean(),
    path: v.optional(v.string()),
  }),
  /** The newest. */
  checkpoint: v.optional(AuditCheckpoint),
  /** Entries that no checkpoint covers yet. */
  uncovered: count,
});
export type AuditStatusView = v.InferOutput<typeof AuditStatusView>;
