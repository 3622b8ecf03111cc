import { createHash } from 'node:crypto';
import { type AuditCheckpoint, canonicalJson } from '@kheish/core-model';
import { sha256 as portableSha256 } from '@noble/hashes/sha2.js';
import {
  type ConsistencyLine,
  type ExportLine,
  type Header,
  type ProofLine,
  type SealLine,
  type Trailer,
  isEntryLine,
  readLine,
} from '../export/export-lines.ts';
import { fromHex, toHex, treeHashing } from '../merkle/hashing.ts';
import { rootOfInclusion, verifyConsistency } from '../merkle/verify-proofs.ts';
import { type Cryptography, cryptography } from '../signature/verifier.ts';
import {
  type KnownElsewhere,
  checkCheckpoint,
  compareWithSaved,
  judgeKeys,
  noSavedCheckpoint,
} from './checkpoint-check.ts';
import { type Line, linesOf } from './lines.ts';
import { type CheckedEntry, EntryCheck, LogCheck } from './log-check.ts';
import { Findings, type VerificationReport } from './report.ts';

export interface VerifyOptions extends KnownElsewhere {
  /** By @noble instead of node:crypto. */
  readonly portable?: boolean;
  /** Hashes and chains, no signatures. */
  readonly hashesOnly?: boolean;
}

/** Parts of lines: fewer, larger pieces are hashed faster. */
const DIGESTED_TOGETHER = 256;
/** Bytes. Of longer lines only one is held: a made-up file may have any number. */
const LONG_LINE = 65_536;

/** What is wrong with the file as a whole: nothing after it is worth reading. */
class Broken extends Error {}

/**
 * Checks an export with nothing but the file. Reads it once; memory grows by one hash for each run in it. What is wrong is
 * in the report; it throws only what reading throws.
 */
export async function verifyExport(
  chunks: AsyncIterable<Uint8Array>,
  options: VerifyOptions = {},
): Promise<VerificationReport> {
  const findings = new Findings();
  const check = new ExportCheck(options, findings);
  try {
    let rest = 0;
    for await (const line of linesOf(chunks, (bytes) => (rest = bytes))) check.line(line);
    check.end(rest);
  } catch (thrown) {
    if (!(thrown instanceof Broken)) throw thrown;
  }
  return check.report();
}

type Body =
  | { readonly scope: 'log'; readonly log: LogCheck }
  | { readonly scope: 'run'; readonly runId: string; readonly entries: EntryCheck };

/** Without one nothing shows which key the log had, and everybody could have made the file. */
const NO_ENTRIES = 'There is no entry that it is about; no export is made without one.';

class ExportCheck {
  readonly #options: VerifyOptions;
  readonly #findings: Findings;
  readonly #cryptography: Cryptography;
  readonly #digest: { update(bytes: Uint8Array): unknown; digest(): Uint8Array };
  /** Lines that the digest has not taken in yet. */
  #undigested: Uint8Array[] = [];
  #number = 0;
  #header: Header | undefined;
  #checkpoint: AuditCheckpoint | undefined;
  #body: Body | undefined;
  #rootAtSaved: string | undefined;
  /** An entry of a part of the log, until its proof comes. */
  #unproven: CheckedEntry | undefined;
  #lastIndex = -1;
  /** Of the part's own run: changes of keys are in every part. */
  #ofRun = 0;
  #seals = 0;
  #consistency: ConsistencyLine | undefined;
  #trailer: Trailer | undefined;

  constructor(options: VerifyOptions, findings: Findings) {
    this.#options = options;
    this.#findings = findings;
    this.#cryptography = cryptography(options);
    this.#digest = options.portable === true ? portableSha256.create() : createHash('sha256');
  }

  line({ bytes, text }: Line): void {
    this.#number += 1;
    if (text === undefined) throw this.#broken('not_utf8', 'A line is not UTF-8.');
    if (this.#trailer !== undefined) throw this.#broken('after_end', 'Something follows the end.');
    if (isEntryLine(text)) this.#entry(text);
    else {
      const line = readLine(text);
      if (line === undefined) {
        throw this.#broken('not_canonical', 'A line is not one of an export, in canonical form.');
      }
      this.#other(line);
    }
    if (this.#trailer !== undefined) return;
    this.#undigested.push(bytes, lineFeed);
    if (this.#undigested.length >= DIGESTED_TOGETHER || bytes.length > LONG_LINE) this.#takeIn();
  }

  #takeIn(): void {
    this.#digest.update(Buffer.concat(this.#undigested));
    this.#undigested = [];
  }

  end(rest: number): void {
    if (rest > 0) throw this.#broken('truncated', 'The last line has no end.');
    if (this.#trailer === undefined) {
      throw this.#broken('truncated', 'The file ends before its trailer: it was cut off.');
    }
    const { checkpoint } = this.#options;
    if (this.#body?.scope === 'log') this.#finishLog(this.#body.log);
    else if (this.#body?.scope === 'run') this.#finishRun(this.#body);
    if (checkpoint === undefined) noSavedCheckpoint(this.#findings);
    this.#signers(this.#trailer);
  }

  report(): VerificationReport {
    const body = this.#body;
    const keys = body?.scope === 'log' ? body.log.entries.keys : body?.entries.keys;
    const entries = body?.scope === 'log' ? body.log.size : (body?.entries.entries ?? 0);
    return this.#findings.report({
      subject: 'export',
      ...(this.#header && { log_id: this.#header.log_id }),
      entries,
      seals: body?.scope === 'log' ? body.log.seals : this.#seals,
      ...(this.#checkpoint && {
        tree_size: this.#checkpoint.tree_size,
        root_hash: this.#checkpoint.root_hash,
      }),
      key_ids: [...new Set(keys?.spans.map(({ keyId }) => keyId))],
    });
  }

  #entry(text: string): void {
    const body = this.#body;
    if (body === undefined)
      throw this.#broken('misplaced', 'An entry comes before the checkpoint.');
    if (body.scope === 'run') {
      if (this.#unproven !== undefined || this.#consistency !== undefined) throw this.#misplaced();
      this.#unproven = body.entries.entry(text, this.#lastIndex + 1);
      return;
    }
    if (body.log.size === (this.#checkpoint as AuditCheckpoint).tree_size) {
      throw this.#broken('too_many', 'There are more entries than the checkpoint has.');
    }
    this.#meetSaved(body.log);
    body.log.entry(text);
  }

  #other(line: ExportLine): void {
    switch (line.kind) {
      case 'header':
        if (this.#number !== 1) throw this.#misplaced();
        this.#header = line.value;
        return;
      case 'checkpoint':
        return this.#begin(line.value);
      case 'seal':
        return this.#seal(line.value);
      case 'proof':
        return this.#proof(line.value);
      case 'consistency':
        if (this.#body?.scope !== 'run' || this.#consistency || this.#unproven) {
          throw this.#misplaced();
        }
        this.#consistency = line.value;
        return;
      case 'trailer':
        return this.#end(line.value);
    }
  }

  #begin(checkpoint: AuditCheckpoint): void {
    const header = this.#header;
    if (this.#number !== 2 || header === undefined) throw this.#misplaced();
    this.#checkpoint = checkpoint;
    const [crypto, findings] = [this.#cryptography, this.#findings];
    checkCheckpoint(checkpoint, 'checkpoint of the export', header.log_id, crypto, findings);
    const { checkpoint: saved } = this.#options;
    if (saved !== undefined) {
      checkCheckpoint(saved, 'saved checkpoint', header.log_id, crypto, findings);
    }
    this.#body =
      header.run_id === undefined
        ? { scope: 'log', log: new LogCheck(header.log_id, crypto, findings) }
        : { scope: 'run', runId: header.run_id, entries: new EntryCheck(crypto, findings) };
  }

  #seal(seal: SealLine): void {
    const body = this.#body;
    if (body?.scope !== 'log') throw this.#misplaced();
    const { firstIndex, size } = body.log.unsealed;
    if (seal.first_index !== firstIndex || seal.size !== size || size === 0) {
      throw this.#broken('wrong_group', 'A signature is for other entries than those before it.');
    }
    body.log.seal(seal.key_id, fromHex(seal.signature));
  }

  #proof({ inclusion, log_index: index, seal }: ProofLine): void {
    const [body, checked] = [this.#body, this.#unproven];
    const checkpoint = this.#checkpoint as AuditCheckpoint;
    if (body?.scope !== 'run' || checked === undefined) throw this.#misplaced();
    this.#unproven = undefined;
    const tree = treeHashing(this.#cryptography.sha256);
    const { leaf, chain, change } = checked;
    if (index <= this.#lastIndex) {
      this.#findings.contradict('chain', 'wrong_order', 'Entries are not in order.', index);
    }
    this.#lastIndex = index;
    if (chain === body.runId) this.#ofRun += 1;
    if (chain !== undefined && chain !== body.runId && chain !== 'unscoped') {
      this.#findings.contradict('chain', 'other_run', 'An entry is of another run.', index);
    }
    const place = { leaf, index, size: checkpoint.tree_size, path: inclusion.map(fromHex) };
    const root = rootOfInclusion(place, tree);
    if (root === undefined || toHex(root) !== checkpoint.root_hash) {
      const message = 'An entry is not shown to be in the log of the checkpoint.';
      this.#findings.contradict('chain', 'not_included', message, index);
    }
    const first = seal.first_index;
    const path = seal.path.map(fromHex);
    const sealed = rootOfInclusion({ leaf, index: index - first, size: seal.size, path }, tree);
    if (sealed === undefined) {
      const message = 'An entry is not among those that its signature is for.';
      this.#findings.contradict('content', 'bad_signature', message, index);
      return;
    }
    this.#seals += 1;
    body.entries.seal({
      logId: checkpoint.log_id,
      keyId: seal.key_id,
      firstIndex: first,
      size: seal.size,
      root: sealed,
      signature: fromHex(seal.signature),
      changes: change === undefined ? [] : [change],
    });
  }

  #end(trailer: Trailer): void {
    const checkpoint = this.#checkpoint;
    if (checkpoint === undefined || this.#unproven !== undefined) throw this.#misplaced();
    this.#trailer = trailer;
    this.#takeIn();
    if (toHex(this.#digest.digest()) !== trailer.sha256) {
      throw this.#broken('bad_digest', 'The bytes of the file are not those that its end names.');
    }
    const { signature, ...statement } = trailer;
    const body = canonicalJson(statement);
    if (this.#cryptography.verify?.(trailer.key_id, body, fromHex(signature)) === false) {
      const message = 'The signature of the end of the file does not hold.';
      this.#findings.contradict('content', 'bad_trailer_signature', message, this.#number);
    }
    const entries = this.#body?.scope === 'log' ? this.#body.log.size : this.#body?.entries.entries;
    if (trailer.log_id !== checkpoint.log_id || trailer.entries !== entries) {
      throw this.#broken('bad_end', 'The end of the file is that of another one.');
    }
    const about = this.#body?.scope === 'run' ? this.#ofRun : entries;
    if (about === 0) throw this.#broken('no_entries', NO_ENTRIES);
  }

  #finishLog(log: LogCheck): void {
    const findings = this.#findings;
    const checkpoint = this.#checkpoint as AuditCheckpoint;
    this.#meetSaved(log);
    const before = findings.contradictions;
    log.finish();
    if (log.size !== checkpoint.tree_size || log.rootHash !== checkpoint.root_hash) {
      const message = `The ${log.size} entries are not the ${checkpoint.tree_size} of the checkpoint.`;
      findings.contradict('chain', 'bad_root', message);
    }
    const { checkpoint: saved } = this.#options;
    if (saved !== undefined && saved.log_id === checkpoint.log_id) {
      const found = { size: log.size, rootAtSaved: this.#rootAtSaved };
      compareWithSaved(saved, found, findings);
    }
    if (findings.contradictions > before) return;
    const message = `All ${log.size} entries of the log are here, in order; every chain of a run is whole.`;
    findings.established('chain', 'complete', message);
    this.#contentEstablished();
  }

  #finishRun({ entries, runId }: Extract<Body, { scope: 'run' }>): void {
    const findings = this.#findings;
    const before = findings.contradictions;
    entries.finish();
    this.#compareRun();
    if (findings.contradictions > before) return;
    const message = `The entries of run ${runId} are in the log of the checkpoint, from its first on, none left out between.`;
    findings.established('chain', 'included', message);
    const tail = 'That the run has no later entries is the word of who made this file.';
    findings.open('chain', 'tail_of_run', tail);
    this.#contentEstablished();
  }

  /** Of a part of the log: whether it grew out of the saved checkpoint. */
  #compareRun(): void {
    const { checkpoint: saved } = this.#options;
    const checkpoint = this.#checkpoint as AuditCheckpoint;
    const consistency = this.#consistency;
    if (saved === undefined || saved.log_id !== checkpoint.log_id) return;
    const to = { size: checkpoint.tree_size, root: fromHex(checkpoint.root_hash) };
    const from = { size: saved.tree_size, root: fromHex(saved.root_hash) };
    if (
      from.size <= to.size &&
      from.size !== to.size &&
      consistency?.from_tree_size !== from.size
    ) {
      const message = `The file has no proof for the ${from.size} entries of the saved checkpoint; export with --checkpoint.`;
      this.#findings.open('chain', 'no_consistency_proof', message);
      return;
    }
    const path = from.size === to.size ? [] : (consistency?.path ?? []).map(fromHex);
    const tree = treeHashing(this.#cryptography.sha256);
    const grew = verifyConsistency({ from, to, path }, tree);
    const rootAtSaved = grew ? saved.root_hash : undefined;
    compareWithSaved(saved, { size: to.size, rootAtSaved }, this.#findings);
  }

  #contentEstablished(): void {
    if (this.#cryptography.verify === undefined) {
      const message = 'Every entry is canonical, and its hash is the one that the next names.';
      this.#findings.established('content', 'hashes_hold', message);
      return;
    }
    const message = 'Every entry is byte by byte what was signed when it was written.';
    this.#findings.established('content', 'signatures_hold', message);
  }

  #signers(trailer: Trailer): void {
    const body = this.#body as Body;
    const checkpoint = this.#checkpoint as AuditCheckpoint;
    const { keys } = body.scope === 'log' ? body.log.entries : body.entries;
    const findings = this.#findings;
    for (const [signer, what] of [
      [checkpoint.key_id, 'checkpoint'],
      [trailer.key_id, 'end of the file'],
    ] as const) {
      if (keys.spans.length === 0 || keys.inForce(signer, checkpoint.tree_size)) continue;
      const message = `The ${what} is signed with key ${signer}, which was not that of the log then.`;
      findings.contradict('independence', 'unannounced_key', message);
    }
    judgeKeys(keys, this.#options, this.#cryptography, findings);
    if (trailer.key_co_located) {
      const message =
        'The signing key lay beside the log when this was exported: who could write the one could use the other.';
      findings.open('independence', 'key_co_located', message);
    }
  }

  #meetSaved(log: LogCheck): void {
    if (log.size === this.#options.checkpoint?.tree_size) this.#rootAtSaved = log.rootHash;
  }

  #misplaced(): Broken {
    return this.#broken('misplaced', 'A line is not where it belongs.');
  }

  #broken(code: string, message: string): Broken {
    this.#findings.contradict('chain', code, message, this.#number);
    return new Broken(message);
  }
}

const lineFeed = new Uint8Array([0x0a]);
