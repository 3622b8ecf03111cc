import { type AuditCheckpoint, type AuditInclusionProof, KheishError } from '@kheish/core-model';
import { type LedgerReads, keptTree } from '../checkpoint/kept-tree.ts';
import { sealOf } from '../export/write-export.ts';
import { toHex } from '../merkle/hashing.ts';

/**
 * Shows that the entry at a place is in the log of a checkpoint, or of the first `treeSize` entries of it.
 * Throws `audit/entry_not_found`, `api/bad_request`.
 */
export function proveEntry(
  ledger: LedgerReads,
  checkpoint: AuditCheckpoint,
  logIndex: number,
  treeSize = checkpoint.tree_size,
): AuditInclusionProof {
  const row = ledger.entries({ from: logIndex, limit: 1 })[0];
  if (row?.index !== logIndex) {
    throw new KheishError('audit/entry_not_found', `The audit has no entry ${logIndex}.`);
  }
  if (treeSize <= logIndex || treeSize > checkpoint.tree_size) {
    throw new KheishError(
      'api/bad_request',
      `Entry ${logIndex} can be shown in sizes from ${logIndex + 1} to ${checkpoint.tree_size}.`,
    );
  }
  const tree = keptTree(ledger);
  return {
    domain: 'kheish/audit/proof/v1',
    log_id: checkpoint.log_id,
    log_index: logIndex,
    entry: JSON.parse(row.body) as AuditInclusionProof['entry'],
    tree_size: treeSize,
    root_hash: toHex(tree.root(treeSize)),
    inclusion: tree.inclusionPath(logIndex, treeSize).map(toHex),
    seal: sealOf(ledger.group(logIndex), logIndex),
    checkpoint,
    ...(treeSize < checkpoint.tree_size && {
      consistency: tree.consistencyPath(treeSize, checkpoint.tree_size).map(toHex),
    }),
  };
}
