import * as v from 'valibot';
import { DigestText } from '../digest/digest.ts';

/** `request` is on the record before the effect, `response` after it, under one `action_id`. */
export const ExternalActionPhase = v.picklist(['request', 'response']);
export type ExternalActionPhase = v.InferOutput<typeof ExternalActionPhase>;

export const ExternalActionKind = v.picklist(['model_call', 'tool', 'audit_key']);
export type ExternalActionKind = v.InferOutput<typeof ExternalActionKind>;

const hexOf = (bytes: number) =>
  v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`)));
const position = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What reached beyond the daemon, by digests: neither bodies nor secrets. `prev_hash` and what seals it come later. */
export const ExternalAction = v.strictObject({
  action_id: v.string(),
  timestamp_ms: v.number(),
  session_id: v.optional(v.string()),
  agent_id: v.optional(v.string()),
  run_id: v.optional(v.string()),
  tool_call_id: v.optional(v.string()),
  /** By whose authority, for example `session:<id>`. */
  principal_id: v.optional(v.string()),
  parent_principal_id: v.optional(v.string()),
  /** Of the credential that it uses. */
  grant_id: v.optional(v.string()),
  phase: ExternalActionPhase,
  kind: ExternalActionKind,
  /** For example `model:<route>/<model>`, `bash:command_sha256:<16 hex>`, `web_fetch:https://<host>`. */
  target: v.string(),
  request_digest: v.optional(DigestText),
  response_digest: v.optional(DigestText),
  /** `ok`, `failed:<code>`, `aborted` or `unknown_outcome`. */
  outcome: v.optional(v.string()),
});
export type ExternalAction = v.InferOutput<typeof ExternalAction>;

/** Shows that an entry is one of those that a signature was given for: RFC 6962 section 2.1.1, over the entries of one commit. */
export const SealProof = v.strictObject({
  /** Place in the log of the first entry that the signature is for. */
  first_index: position,
  /** How many entries it is for. */
  size: v.pipe(v.number(), v.integer(), v.minValue(1)),
  path: v.array(hexOf(32)),
});
export type SealProof = v.InferOutput<typeof SealProof>;

/** An entry of the ledger as it is shown: the sealed fields, and what proves them. */
export const ExternalActionRecord = v.strictObject({
  ...ExternalAction.entries,
  /** Of the entry before it in the same chain: that of its run. */
  prev_hash: v.optional(hexOf(32)),
  /** Place in the log, from 0. */
  log_index: position,
  /** SHA-256 of the canonical JSON (RFC 8785) of the fields up to `prev_hash`. */
  record_hash: hexOf(32),
  signature_alg: v.literal('ed25519'),
  /** The public key. */
  key_id: hexOf(32),
  signature: hexOf(64),
  seal: SealProof,
});
export type ExternalActionRecord = v.InferOutput<typeof ExternalActionRecord>;
