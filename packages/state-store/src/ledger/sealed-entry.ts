import type { ExternalAction } from '@kheish/core-model';

/** An entry of the ledger before anything is signed. */
export interface LedgerEntry {
  /** Canonical JSON (RFC 8785) of the action and the hash of the entry before it in its chain. */
  readonly body: string;
  /** SHA-256 of the body. */
  readonly recordHash: Uint8Array;
}

/** Seals what a commit puts on the record of external actions. Synchronous: it works inside the commit. */
export interface LedgerSealer {
  /** The public key, in hex. */
  readonly keyId: string;
  entry(action: ExternalAction, prevHash: Uint8Array | undefined): LedgerEntry;
  /** One signature for the entries of a commit, which stand in the log from `firstIndex` on. 64 bytes. */
  sign(firstIndex: number, entries: readonly LedgerEntry[]): Uint8Array;
}

/** An entry as it is kept. The last of those that share a signature has it, with the key that made it. */
export interface LedgerRow extends LedgerEntry {
  /** Place in the log, from 0. */
  readonly index: number;
  /** The chain it belongs to: its run, or else its session. */
  readonly chain: string;
  readonly keyId?: string;
  readonly signature?: Uint8Array;
}

/** A signed statement of what the log was. */
export interface LedgerCheckpoint {
  /** Entries from the beginning. */
  readonly treeSize: number;
  /** Canonical JSON of what is signed. */
  readonly body: string;
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** Root of a whole subtree of the log, kept so that proofs need not hash it anew. */
export interface LedgerSubtree {
  /** It has 2^level leaves. */
  readonly level: number;
  /** Counted from 0 on its level. */
  readonly index: number;
  readonly hash: Uint8Array;
}
