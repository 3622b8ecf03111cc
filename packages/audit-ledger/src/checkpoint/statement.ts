import { AuditCheckpoint, canonicalJson } from '@kheish/core-model';
import type { LedgerCheckpoint } from '@kheish/state-store';
import * as v from 'valibot';
import type { SigningKey } from '../keys/signing-key.ts';
import { fromHex, nativeSha256, toHex } from '../merkle/hashing.ts';
import { damaged } from '../seal/damaged.ts';

const { signature: _signature, ...statementFields } = AuditCheckpoint.entries;
const Statement = v.strictObject(statementFields);
export type CheckpointStatement = v.InferOutput<typeof Statement>;

export function signCheckpoint(
  key: SigningKey,
  log: { readonly logId: string; readonly size: number; readonly root: Uint8Array },
  previous: LedgerCheckpoint | undefined,
  atMs: number,
): LedgerCheckpoint {
  const statement: CheckpointStatement = {
    domain: 'kheish/audit/checkpoint/v1',
    key_id: key.keyId,
    log_id: log.logId,
    ...(previous !== undefined && { previous_hash: toHex(nativeSha256(previous.body)) }),
    root_hash: toHex(log.root),
    timestamp_ms: atMs,
    tree_size: log.size,
  };
  const body = canonicalJson(statement);
  return { treeSize: log.size, body, keyId: key.keyId, signature: key.sign(body) };
}

/** What a checkpoint's body says; undefined where it is not the canonical form of one. */
export function readStatement(body: string): CheckpointStatement | undefined {
  const parsed = v.safeParse(Statement, jsonOf(body));
  return parsed.success && canonical(parsed.output) === body ? parsed.output : undefined;
}

/** As it is shown and saved. Throws where the stored one is damaged. */
export function shownCheckpoint(stored: LedgerCheckpoint): AuditCheckpoint {
  const statement = readStatement(stored.body);
  if (statement === undefined) throw damaged('a stored checkpoint is not as it was written');
  return { ...statement, signature: toHex(stored.signature) };
}

/** What was signed, and the signature. */
export function signedParts(checkpoint: AuditCheckpoint): {
  readonly body: string;
  readonly signature: Uint8Array;
} {
  const { signature, ...statement } = checkpoint;
  return { body: canonicalJson(statement), signature: fromHex(signature) };
}

/** Reads a saved checkpoint; undefined where the text is none. */
export function parseCheckpoint(text: string): AuditCheckpoint | undefined {
  const parsed = v.safeParse(AuditCheckpoint, jsonOf(text));
  return parsed.success && canonical(parsed.output) !== undefined ? parsed.output : undefined;
}

/** Undefined where there is none: half a surrogate pair, or what is no number. */
export function canonical(value: unknown): string | undefined {
  try {
    return canonicalJson(value);
  } catch {
    return undefined;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
