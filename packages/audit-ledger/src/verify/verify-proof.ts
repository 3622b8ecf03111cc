import { type AuditCheckpoint, AuditInclusionProof, canonicalJson } from '@kheish/core-model';
import * as v from 'valibot';
import { canonical, parseCheckpoint } from '../checkpoint/statement.ts';
import { fromHex, toHex, treeHashing } from '../merkle/hashing.ts';
import { rootOfInclusion, verifyConsistency } from '../merkle/verify-proofs.ts';
import { cryptography } from '../signature/verifier.ts';
import {
  checkCheckpoint,
  compareWithSaved,
  judgeKeys,
  noSavedCheckpoint,
} from './checkpoint-check.ts';
import { EntryCheck } from './log-check.ts';
import { Findings, type VerificationReport } from './report.ts';
import type { VerifyOptions } from './verify-export.ts';

/** Checks an inclusion proof, or a checkpoint by itself. Undefined where the text is neither. */
export function verifyDocument(
  text: string,
  options: VerifyOptions = {},
): VerificationReport | undefined {
  const checkpoint = parseCheckpoint(text);
  if (checkpoint !== undefined) return verifyCheckpoint(checkpoint, options);
  const parsed = v.safeParse(AuditInclusionProof, jsonOf(text));
  if (!parsed.success || canonical(parsed.output) === undefined) return undefined;
  return verifyProof(parsed.output, options);
}

function verifyProof(proof: AuditInclusionProof, options: VerifyOptions): VerificationReport {
  const findings = new Findings();
  const crypto = cryptography(options);
  const tree = treeHashing(crypto.sha256);
  const { checkpoint, log_id: logId, log_index: index, tree_size: size, seal } = proof;
  // The link to the entry before it leads out of what is at hand: a single entry is no chain.
  const body = canonicalJson(proof.entry);
  const leaf = tree.leaf(body);
  checkCheckpoint(checkpoint, 'checkpoint', logId, crypto, findings);
  const root = rootOfInclusion({ leaf, index, size, path: proof.inclusion.map(fromHex) }, tree);
  if (root === undefined || toHex(root) !== proof.root_hash) {
    const message = `The entry is not shown to be number ${index} of ${size}.`;
    findings.contradict('chain', 'not_included', message, index);
  }
  const from = { size, root: fromHex(proof.root_hash) };
  const to = { size: checkpoint.tree_size, root: fromHex(checkpoint.root_hash) };
  const path = (proof.consistency ?? []).map(fromHex);
  if (!verifyConsistency({ from, to, path }, tree)) {
    const message = `The log of the checkpoint is not shown to begin with these ${size} entries.`;
    findings.contradict('chain', 'not_consistent', message);
  }
  const group = {
    leaf,
    index: index - seal.first_index,
    size: seal.size,
    path: seal.path.map(fromHex),
  };
  const sealed = rootOfInclusion(group, tree);
  const entries = new EntryCheck(crypto, findings);
  if (sealed === undefined) {
    const message = 'The entry is not among those that its signature is for.';
    findings.contradict('content', 'bad_signature', message, index);
  } else {
    entries.seal({
      logId,
      keyId: seal.key_id,
      firstIndex: seal.first_index,
      size: seal.size,
      root: sealed,
      signature: fromHex(seal.signature),
      changes: [],
    });
  }
  const { checkpoint: saved } = options;
  if (saved === undefined) noSavedCheckpoint(findings);
  else if (checkCheckpoint(saved, 'saved checkpoint', logId, crypto, findings)) {
    const known = [from, to].find((one) => one.size === saved.tree_size);
    if (known !== undefined || saved.tree_size > to.size) {
      const rootAtSaved = known && toHex(known.root);
      compareWithSaved(saved, { size: to.size, rootAtSaved }, findings);
    } else {
      const message = `The proof says nothing of the ${saved.tree_size} entries of the saved checkpoint; prove with --size ${saved.tree_size}.`;
      findings.open('chain', 'no_consistency_proof', message);
    }
  }
  if (checkpoint.key_id !== seal.key_id) {
    const message = `The entry was signed with key ${seal.key_id}, and the checkpoint with ${checkpoint.key_id}; only an export shows how the one led to the other.`;
    findings.open('independence', 'key_changed', message);
  }
  judgeKeys(entries.keys, options, crypto, findings);
  if (findings.contradictions === 0) {
    const message = `The entry is number ${index} of the ${checkpoint.tree_size} of the checkpoint.`;
    findings.established('chain', 'included', message);
    const what = crypto.verify === undefined ? 'hashed' : 'signed';
    findings.established('content', what, `The entry is byte by byte what was ${what}.`);
  }
  return findings.report({
    subject: 'proof',
    log_id: logId,
    entries: 1,
    seals: 1,
    tree_size: checkpoint.tree_size,
    root_hash: checkpoint.root_hash,
    key_ids: [...new Set([seal.key_id, checkpoint.key_id])],
  });
}

function verifyCheckpoint(checkpoint: AuditCheckpoint, options: VerifyOptions): VerificationReport {
  const findings = new Findings();
  const crypto = cryptography(options);
  checkCheckpoint(checkpoint, 'checkpoint', checkpoint.log_id, crypto, findings);
  const { checkpoint: saved } = options;
  if (saved === undefined) noSavedCheckpoint(findings);
  else if (checkCheckpoint(saved, 'saved checkpoint', checkpoint.log_id, crypto, findings)) {
    compareCheckpoints(checkpoint, saved, findings);
  }
  const keys = new EntryCheck(crypto, findings).keys;
  keys.sealed(checkpoint.key_id, 0, checkpoint.tree_size, []);
  judgeKeys(keys, options, crypto, findings);
  return findings.report({
    subject: 'checkpoint',
    log_id: checkpoint.log_id,
    entries: 0,
    seals: 0,
    tree_size: checkpoint.tree_size,
    root_hash: checkpoint.root_hash,
    key_ids: [checkpoint.key_id],
  });
}

/** Two of one size are of one log or of two; what lies between two sizes only the entries show. */
function compareCheckpoints(
  { tree_size: size, root_hash: rootAtSaved }: AuditCheckpoint,
  saved: AuditCheckpoint,
  findings: Findings,
): void {
  if (size === saved.tree_size) {
    compareWithSaved(saved, { size, rootAtSaved }, findings);
    return;
  }
  const message = `Whether the log with ${Math.max(size, saved.tree_size)} entries grew out of the one with ${Math.min(size, saved.tree_size)} an export shows, or a proof made with --size.`;
  findings.open('chain', 'no_consistency_proof', message);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
