import type { ExternalActionRecord } from '@kheish/core-model';
import type { LedgerEntry, LedgerRow, LedgerSealer } from '@kheish/state-store';
import type { SigningKey } from '../keys/signing-key.ts';
import { Frontier } from '../merkle/frontier.ts';
import { nativeSha256, nativeTree, toHex } from '../merkle/hashing.ts';
import { smallTree } from '../merkle/tree.ts';
import { damaged } from './damaged.ts';
import { entryBody, readEntryBody } from './entry-body.ts';

/** What one signature is for: the entries that a commit put on the record. */
export interface Seal {
  readonly logId: string;
  readonly keyId: string;
  readonly firstIndex: number;
  readonly size: number;
  /** RFC 6962 root over just these entries. */
  readonly root: Uint8Array;
}

/** Canonical JSON of what is signed. */
export function sealStatement({ logId, keyId, firstIndex, size, root }: Seal): string {
  return `{"domain":"kheish/audit/seal/v1","first_index":${firstIndex},"key_id":"${keyId}","log_id":${JSON.stringify(logId)},"root":"${toHex(root)}","size":${size}}`;
}

/** Seals the entries of one log with one key. */
export function createLedgerSealer(logId: string, key: SigningKey): LedgerSealer {
  const { keyId } = key;
  return {
    keyId,
    entry: (action, prevHash) => {
      const body = entryBody(action, prevHash && toHex(prevHash));
      return { body, recordHash: nativeSha256(body) };
    },
    sign: (firstIndex, entries) => {
      const root = rootOf(entries);
      return key.sign(sealStatement({ logId, keyId, firstIndex, size: entries.length, root }));
    },
  };
}

function rootOf(entries: readonly LedgerEntry[]): Uint8Array {
  const frontier = new Frontier();
  for (const { body } of entries) frontier.append(body);
  return frontier.root();
}

/** An entry as it is shown, with what proves it. `group` are the entries that share its signature. */
export function recordOf(group: readonly LedgerRow[], index: number): ExternalActionRecord {
  const [first, last] = [group[0], group.at(-1)];
  const row = group.find((one) => one.index === index);
  const entry = row && readEntryBody(row.body);
  if (!first || !last?.keyId || !last.signature || !row || !entry) {
    throw damaged(`entry ${index} is not as it was written`);
  }
  const tree = smallTree(group.map(({ body }) => nativeTree.leaf(body)));
  return {
    ...entry,
    log_index: index,
    record_hash: toHex(row.recordHash),
    signature_alg: 'ed25519',
    key_id: last.keyId,
    signature: toHex(last.signature),
    seal: {
      first_index: first.index,
      size: group.length,
      path: tree.inclusionPath(index - first.index, group.length).map(toHex),
    },
  };
}
