import { chainOf } from '@kheish/state-store';
import { Frontier } from '../merkle/frontier.ts';
import { type TreeHashing, toHex, treeHashing } from '../merkle/hashing.ts';
import { type EntryBody, readEntryBody } from '../seal/entry-body.ts';
import { type KeyChange, keyChangeOf } from '../seal/key-change.ts';
import { sealStatement } from '../seal/seal.ts';
import type { Cryptography } from '../signature/verifier.ts';
import { KeyHistory } from './key-history.ts';
import type { Findings } from './report.ts';

/** How many requests without a response are named. */
const NAMED = 5;

/** What is the same for every entry, wherever it is read from: chains, actions, keys. */
export class EntryCheck {
  readonly keys = new KeyHistory();
  readonly #findings: Findings;
  readonly #cryptography: Cryptography;
  readonly #tree: TreeHashing;
  /** Record hash of the last entry of each chain. */
  readonly #chains = new Map<string, string>();
  readonly #requests = new Map<string, number>();
  #entries = 0;
  #strayResponses = 0;

  constructor(cryptography: Cryptography, findings: Findings) {
    this.#cryptography = cryptography;
    this.#findings = findings;
    this.#tree = treeHashing(cryptography.sha256);
  }

  get entries(): number {
    return this.#entries;
  }

  /** Reads the entry at a place of the log; its leaf and hash are returned even where it is none. */
  entry(text: string, index: number): CheckedEntry {
    const entry = readEntryBody(text);
    const recordHash = toHex(this.#cryptography.sha256(text));
    const leaf = this.#tree.leaf(text);
    this.#entries += 1;
    if (entry === undefined) {
      const message = 'An entry is not the canonical JSON of one.';
      this.#findings.contradict('content', 'not_canonical', message, index);
      return { leaf, recordHash };
    }
    const chain = chainOf(entry);
    if (entry.prev_hash !== this.#chains.get(chain)) {
      const message = `An entry of chain ${chain} does not name the one before it.`;
      this.#findings.contradict('chain', 'broken_link', message, index);
    }
    this.#chains.set(chain, recordHash);
    this.#pair(entry, index);
    const change = keyChangeOf(entry);
    return { leaf, recordHash, entry, chain, ...(change !== undefined && { change }) };
  }

  /** The signature of a group; `root` is that of its entries. */
  seal(seal: {
    readonly logId: string;
    readonly keyId: string;
    readonly firstIndex: number;
    readonly size: number;
    readonly root: Uint8Array;
    readonly signature: Uint8Array;
    readonly changes: readonly KeyChange[];
  }): void {
    const { keyId, firstIndex, size, signature, changes } = seal;
    const { verify } = this.#cryptography;
    if (verify !== undefined && !verify(keyId, sealStatement(seal), signature)) {
      const message = `The signature for ${size === 1 ? 'the entry' : `the ${size} entries`} from here on does not hold.`;
      this.#findings.contradict('content', 'bad_signature', message, firstIndex);
    }
    for (const wrong of this.keys.sealed(keyId, firstIndex, firstIndex + size, changes)) {
      this.#findings.contradict('independence', 'unannounced_key', `It is ${wrong}.`, firstIndex);
    }
  }

  /** Says what is known of the actions once all entries were read. */
  finish(): void {
    if (this.#requests.size > 0) {
      const some = [...this.#requests.keys()].slice(0, NAMED).join(', ');
      const message = `${this.#requests.size} requests have no response: whether they had an effect is not on the record (${some}${this.#requests.size > NAMED ? ', ...' : ''}).`;
      this.#findings.open('content', 'requests_without_response', message);
    }
    if (this.#strayResponses > 0) {
      const message = `${this.#strayResponses} responses have no request before them: they began before the record did.`;
      this.#findings.open('content', 'responses_without_request', message);
    }
  }

  #pair({ action_id: id, phase, kind }: EntryBody, index: number): void {
    if (kind === 'audit_key') return;
    if (phase === 'request') this.#requests.set(id, index);
    else if (!this.#requests.delete(id)) this.#strayResponses += 1;
  }
}

export interface CheckedEntry {
  readonly leaf: Uint8Array;
  readonly recordHash: string;
  /** Absent where the text is no entry. */
  readonly entry?: EntryBody;
  readonly chain?: string;
  readonly change?: KeyChange;
}

/** A whole log, from its first entry on. */
export class LogCheck {
  readonly entries: EntryCheck;
  readonly #findings: Findings;
  readonly #logId: string;
  readonly #tree: TreeHashing;
  readonly #frontier: Frontier;
  #group: Frontier;
  #changes: KeyChange[] = [];
  #seals = 0;

  constructor(
    logId: string,
    cryptography: Cryptography,
    findings: Findings,
    onSubtree?: (level: number, index: number, hash: Uint8Array) => void,
  ) {
    this.#logId = logId;
    this.#findings = findings;
    this.#tree = treeHashing(cryptography.sha256);
    this.entries = new EntryCheck(cryptography, findings);
    this.#frontier = new Frontier({ tree: this.#tree, ...(onSubtree && { onSubtree }) });
    this.#group = new Frontier({ tree: this.#tree });
  }

  get size(): number {
    return this.#frontier.size;
  }

  get seals(): number {
    return this.#seals;
  }

  get rootHash(): string {
    return toHex(this.#frontier.root());
  }

  /** The next entry. */
  entry(text: string): CheckedEntry {
    const checked = this.entries.entry(text, this.size);
    this.#frontier.appendLeaf(checked.leaf);
    this.#group.appendLeaf(checked.leaf);
    if (checked.change !== undefined) this.#changes.push(checked.change);
    return checked;
  }

  /** How many entries wait for their signature, and where the first of them is. */
  get unsealed(): { readonly firstIndex: number; readonly size: number } {
    return { firstIndex: this.size - this.#group.size, size: this.#group.size };
  }

  /** The signature of the entries since the last one. */
  seal(keyId: string, signature: Uint8Array): void {
    const { firstIndex, size } = this.unsealed;
    if (size === 0) {
      const message = 'A signature is for no entry.';
      this.#findings.contradict('chain', 'empty_seal', message, firstIndex);
      return;
    }
    this.entries.seal({
      logId: this.#logId,
      keyId,
      firstIndex,
      size,
      root: this.#group.root(),
      signature,
      changes: this.#changes,
    });
    this.#group = new Frontier({ tree: this.#tree });
    this.#changes = [];
    this.#seals += 1;
  }

  finish(): void {
    const { firstIndex, size } = this.unsealed;
    if (size > 0) {
      const message = `The last ${size} entries have no signature.`;
      this.#findings.contradict('chain', 'unsealed', message, firstIndex);
    }
    this.entries.finish();
  }
}
