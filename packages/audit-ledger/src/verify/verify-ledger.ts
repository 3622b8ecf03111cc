import type { LedgerCheckpoint, LedgerRow, LedgerSubtree } from '@kheish/state-store';
import { KEPT_LEVELS, type LedgerReads } from '../checkpoint/kept-tree.ts';
import { type CheckpointStatement, readStatement } from '../checkpoint/statement.ts';
import { sameBytes, toHex } from '../merkle/hashing.ts';
import { type Cryptography, cryptography } from '../signature/verifier.ts';
import {
  checkCheckpoint,
  compareWithSaved,
  judgeKeys,
  noSavedCheckpoint,
} from './checkpoint-check.ts';
import { LogCheck } from './log-check.ts';
import { Findings, type VerificationReport } from './report.ts';
import type { VerifyOptions } from './verify-export.ts';

const PAGE = 500;

export interface LedgerVerifyOptions extends VerifyOptions {
  readonly logId: string;
  readonly keyCoLocated?: boolean;
  /** Lets others have a turn; called between pages. */
  readonly pause?: () => Promise<void>;
}

/** Checks the tables of a log: rows, checkpoints and subtrees, each column of them. */
export async function verifyLedger(
  ledger: Pick<LedgerReads, 'entries' | 'checkpoints' | 'subtrees'>,
  options: LedgerVerifyOptions,
): Promise<VerificationReport> {
  const check = new LedgerCheck(ledger, options);
  for (let from = Number.MIN_SAFE_INTEGER; ;) {
    const rows = ledger.entries({ from, limit: PAGE });
    check.page();
    for (const row of rows) check.row(row);
    if (rows.length < PAGE) break;
    from = (rows.at(-1) as LedgerRow).index + 1;
    await options.pause?.();
  }
  return check.report();
}

class LedgerCheck {
  readonly #options: LedgerVerifyOptions;
  readonly #findings = new Findings();
  readonly #cryptography: Cryptography;
  readonly #log: LogCheck;
  readonly #checkpoints: Cursor<LedgerCheckpoint>;
  readonly #subtrees: ReadonlyMap<number, Cursor<LedgerSubtree>>;
  #checkpoint: LedgerCheckpoint | undefined;
  #previous: LedgerCheckpoint | undefined;
  #newest: CheckpointStatement | undefined;
  /** Complete subtrees that no checkpoint has come after yet. */
  #complete: LedgerSubtree[] = [];
  #rootAtSaved: string | undefined;
  #savedIsKept = false;

  constructor(ledger: Pick<LedgerReads, 'checkpoints' | 'subtrees'>, options: LedgerVerifyOptions) {
    this.#options = options;
    this.#cryptography = cryptography(options);
    this.#log = new LogCheck(
      options.logId,
      this.#cryptography,
      this.#findings,
      (level, index, hash) => {
        if (KEPT_LEVELS.some((kept) => kept === level)) this.#complete.push({ level, index, hash });
      },
    );
    this.#checkpoints = new Cursor((last) =>
      ledger.checkpoints({ after: last?.treeSize ?? Number.MIN_SAFE_INTEGER, limit: PAGE }),
    );
    this.#subtrees = new Map(
      KEPT_LEVELS.map((level) => [
        level,
        new Cursor((last) =>
          ledger.subtrees(level, {
            from: last === undefined ? Number.MIN_SAFE_INTEGER : last.index + 1,
            limit: PAGE,
          }),
        ),
      ]),
    );
  }

  /** Entries were read just now: what was signed of them is there too. */
  page(): void {
    this.#checkpoint ??= this.#checkpoints.next();
    this.#meet();
  }

  row(row: LedgerRow): void {
    const findings = this.#findings;
    const { index, keyId, signature } = row;
    if (index !== this.#log.size) {
      const message = `Entry ${this.#log.size} is not there; the next one is ${index}.`;
      findings.contradict('chain', 'missing', message, this.#log.size);
    }
    const { recordHash, chain } = this.#log.entry(row.body);
    if (!isBytes(row.recordHash) || toHex(row.recordHash) !== recordHash) {
      findings.contradict('content', 'bad_hash', 'An entry has another hash than kept.', index);
    }
    if (chain !== undefined && chain !== row.chain) {
      findings.contradict('chain', 'wrong_chain', 'An entry is kept in another chain.', index);
    }
    if (
      (keyId === undefined) !== (signature === undefined) ||
      (signature !== undefined && !isBytes(signature))
    ) {
      findings.contradict('content', 'bad_signature', 'A signature lacks its key.', index);
    }
    if (keyId !== undefined && isBytes(signature)) this.#log.seal(keyId, signature);
    this.#meet();
  }

  report(): VerificationReport {
    const findings = this.#findings;
    const log = this.#log;
    const { checkpoint: saved, keyCoLocated } = this.#options;
    log.finish();
    this.#finishCheckpoints();
    this.#finishSubtrees();
    if (saved === undefined) noSavedCheckpoint(findings);
    else if (
      checkCheckpoint(saved, 'saved checkpoint', this.#options.logId, this.#cryptography, findings)
    ) {
      const found = { size: log.size, rootAtSaved: this.#rootAtSaved };
      compareWithSaved(saved, found, findings);
      if (!this.#savedIsKept) {
        const message = 'The saved checkpoint is not among those that are kept.';
        findings.contradict('chain', 'checkpoint_missing', message, saved.tree_size);
      }
    }
    judgeKeys(log.entries.keys, this.#options, this.#cryptography, findings);
    if (keyCoLocated === true) {
      const message =
        'The signing key lies beside the log: who can write the one can use the other.';
      findings.open('independence', 'key_co_located', message);
    }
    if (findings.contradictions === 0) {
      const message = `All ${log.size} entries are there, in order; every chain of a run is whole.`;
      findings.established('chain', 'complete', message);
      const what = this.#cryptography.verify === undefined ? 'hashed' : 'signed';
      findings.established('content', what, `Every entry is byte by byte what was ${what}.`);
    }
    return findings.report({
      subject: 'ledger',
      log_id: this.#options.logId,
      entries: log.size,
      seals: log.seals,
      ...(this.#newest && {
        tree_size: this.#newest.tree_size,
        root_hash: this.#newest.root_hash,
      }),
      key_ids: [...new Set(log.entries.keys.spans.map(({ keyId }) => keyId))],
    });
  }

  /** Holds the log against the checkpoints of its present size, and the subtrees that they brought. */
  #meet(): void {
    const { size } = this.#log;
    if (size === this.#options.checkpoint?.tree_size) this.#rootAtSaved = this.#log.rootHash;
    while (this.#checkpoint !== undefined && this.#checkpoint.treeSize <= size) {
      const stored = this.#checkpoint;
      const statement = this.#readCheckpoint(stored);
      if (statement !== undefined && stored.treeSize === size) {
        if (statement.root_hash !== this.#log.rootHash) {
          const message = `The checkpoint of ${size} entries was signed for other ones.`;
          this.#findings.contradict('chain', 'forked', message, size);
        }
        if (!this.#log.entries.keys.inForce(statement.key_id, size)) {
          const message = `The checkpoint is signed with key ${statement.key_id}, which was not that of the log.`;
          this.#findings.contradict('independence', 'unannounced_key', message, size);
        }
        this.#newest = statement;
      }
      this.#compareSubtrees(stored.treeSize);
      this.#previous = stored;
      this.#checkpoint = this.#checkpoints.next();
    }
  }

  #readCheckpoint(stored: LedgerCheckpoint): CheckpointStatement | undefined {
    const { treeSize, body, keyId, signature } = stored;
    const statement = readStatement(body);
    const previous = this.#previous && toHex(this.#cryptography.sha256(this.#previous.body));
    const { verify } = this.#cryptography;
    const { checkpoint: saved } = this.#options;
    if (
      statement === undefined ||
      !isBytes(signature) ||
      statement.tree_size !== treeSize ||
      statement.key_id !== keyId ||
      statement.log_id !== this.#options.logId ||
      signature.length !== 64 ||
      verify?.(keyId, body, signature) === false
    ) {
      const message = 'A checkpoint is not as it was signed.';
      this.#findings.contradict('content', 'bad_checkpoint', message, treeSize);
      return undefined;
    }
    if (toHex(signature) === saved?.signature) this.#savedIsKept = true;
    if (statement.previous_hash !== previous) {
      const message = 'A checkpoint does not name the one before it.';
      this.#findings.contradict('chain', 'checkpoint_missing', message, treeSize);
    }
    return statement;
  }

  /** Those that were complete when the checkpoint was signed came with it. */
  #compareSubtrees(treeSize: number): void {
    const isIn = ({ level, index }: LedgerSubtree) => (index + 1) * 2 ** level <= treeSize;
    for (const { level, index, hash } of this.#complete.filter(isIn)) {
      const kept = this.#subtrees.get(level)?.next();
      if (
        kept?.level === level &&
        kept.index === index &&
        isBytes(kept.hash) &&
        sameBytes(kept.hash, hash)
      )
        continue;
      this.#badSubtree(level, index);
    }
    this.#complete = this.#complete.filter((one) => !isIn(one));
  }

  #finishCheckpoints(): void {
    const { size } = this.#log;
    for (; this.#checkpoint !== undefined; this.#checkpoint = this.#checkpoints.next()) {
      const stored = this.#checkpoint;
      const message = `There are ${size} entries, and a checkpoint was signed for ${stored.treeSize}: the log was cut back.`;
      this.#findings.contradict('chain', 'rolled_back', message, stored.treeSize);
    }
    const uncovered = size - (this.#newest?.tree_size ?? 0);
    if (uncovered === 0) return;
    const message = `No checkpoint covers the last ${uncovered} entries: had more been there, nothing here would show it.`;
    this.#findings.open('chain', 'uncovered', message);
  }

  #finishSubtrees(): void {
    for (const [level, subtrees] of this.#subtrees) {
      const extra = subtrees.next();
      if (extra !== undefined) this.#badSubtree(level, extra.index);
    }
  }

  #badSubtree(level: number, index: number): void {
    const message = `The kept subtree ${index} of level ${level} is not that of the log.`;
    this.#findings.contradict('chain', 'bad_subtree', message, index);
  }
}

/** A column of a damaged table may hold anything. */
function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

/** Rows of a table that may grow meanwhile, one after the other. */
class Cursor<T> {
  readonly #read: (last: T | undefined) => readonly T[];
  #rows: T[] = [];
  #last: T | undefined;

  constructor(read: (last: T | undefined) => readonly T[]) {
    this.#read = read;
  }

  next(): T | undefined {
    if (this.#rows.length === 0) this.#rows = this.#read(this.#last).toReversed();
    const row = this.#rows.pop();
    this.#last = row ?? this.#last;
    return row;
  }
}
