import type { AuditCheckpoint } from '@kheish/core-model';
import { signedParts } from '../checkpoint/statement.ts';
import type { Cryptography } from '../signature/verifier.ts';
import type { KeyHistory } from './key-history.ts';
import type { Findings } from './report.ts';

/** What the caller knows from elsewhere. */
export interface KnownElsewhere {
  /** Public keys in hex that are known to be of this log. */
  readonly publicKeys?: readonly string[];
  /** A checkpoint of this log that was saved elsewhere. */
  readonly checkpoint?: AuditCheckpoint;
}

/** Whether a checkpoint is of this log and its signature holds. `which` names it in a sentence. */
export function checkCheckpoint(
  checkpoint: AuditCheckpoint,
  which: string,
  logId: string,
  cryptography: Cryptography,
  findings: Findings,
): boolean {
  if (checkpoint.log_id !== logId) {
    const message = `The ${which} is of another log, ${checkpoint.log_id}.`;
    findings.contradict('chain', 'other_log', message);
    return false;
  }
  const { body, signature } = signedParts(checkpoint);
  if (cryptography.verify?.(checkpoint.key_id, body, signature) === false) {
    const message = `The signature of the ${which} does not hold.`;
    findings.contradict('content', 'bad_checkpoint_signature', message, checkpoint.tree_size);
    return false;
  }
  return true;
}

/** Holds what a log turned out to be against a checkpoint that was saved elsewhere. */
export function compareWithSaved(
  saved: AuditCheckpoint,
  found: { readonly size: number; readonly rootAtSaved: string | undefined },
  findings: Findings,
): void {
  const { tree_size: size } = saved;
  if (found.size < size) {
    const message = `The log has ${found.size} entries, and had ${size} when the saved checkpoint was signed: it was cut back.`;
    findings.contradict('chain', 'rolled_back', message);
  } else if (found.rootAtSaved !== saved.root_hash) {
    const message = `The first ${size} entries are not those of the saved checkpoint: history was rewritten, or forked.`;
    findings.contradict('chain', 'forked', message);
  } else {
    const message = `The ${size} entries of the saved checkpoint are all here and unchanged; ${found.size - size} came after.`;
    findings.established('chain', 'append_only', message);
  }
}

/** Who signed: what is known of the keys, and what only the log itself says. */
export function judgeKeys(
  keys: KeyHistory,
  known: KnownElsewhere,
  cryptography: Cryptography,
  findings: Findings,
): void {
  for (const { entered, keyId, from } of keys.spans) {
    if (entered === 'announced') {
      const message = `Key ${keyId} was announced by the key before it.`;
      findings.established('independence', 'key_rotated', message, from);
    } else if (entered === 'lost') {
      const message = `From here on key ${keyId} signs, and says itself that the key before it was lost: continuity is not established here.`;
      findings.open('independence', 'key_lost', message, from);
    }
  }
  if (cryptography.verify === undefined) {
    findings.open('content', 'signatures_not_checked', 'Signatures were not looked at.');
    findings.open('independence', 'signatures_not_checked', 'So nothing is known of who signed.');
    return;
  }
  const { publicKeys = [], checkpoint } = known;
  const trusted = new Set([...publicKeys, ...(checkpoint ? [checkpoint.key_id] : [])]);
  if (keys.spans.length === 0) return;
  if (keys.leadsFrom(trusted)) {
    const from = publicKeys.length > 0 ? 'the key that was given' : 'that of the saved checkpoint';
    const message = `The log is signed with ${from}, or with keys that it leads to.`;
    findings.established('independence', 'known_key', message);
  } else if (publicKeys.length > 0) {
    const message = `The log is signed with key ${keys.spans.at(-1)?.keyId ?? ''}, which the given key does not lead to.`;
    findings.contradict('independence', 'other_key', message);
  } else {
    const message =
      'Self-attested: the public key came with what it signs. Whoever made this could have made it up; compare the key (--public-key) or a checkpoint (--checkpoint) that you have from elsewhere.';
    findings.open('independence', 'self_attested', message);
  }
}

/** What can be said of growth without a checkpoint from elsewhere. */
export function noSavedCheckpoint(findings: Findings): void {
  const message =
    'No earlier checkpoint was given: that the log was not cut back or rewritten by who holds its key is not established.';
  findings.open('chain', 'no_earlier_checkpoint', message);
}
