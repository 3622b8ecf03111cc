import { createHash } from 'node:crypto';
import { type AuditCheckpoint, type Clock, KheishError, canonicalJson } from '@kheish/core-model';
import type { LedgerRow } from '@kheish/state-store';
import { type LedgerReads, keptTree } from '../checkpoint/kept-tree.ts';
import type { SigningKey } from '../keys/signing-key.ts';
import { nativeTree, toHex } from '../merkle/hashing.ts';
import { smallTree } from '../merkle/tree.ts';
import { chainEntries } from '../proof/find-entries.ts';
import { damaged } from '../seal/damaged.ts';
import { type ExportLine, type Trailer, lineOf } from './export-lines.ts';

const PAGE = 500;

export interface ExportOptions {
  readonly ledger: LedgerReads;
  /** Of the log as it is to be exported. */
  readonly checkpoint: AuditCheckpoint;
  readonly key: SigningKey;
  readonly keyCoLocated: boolean;
  readonly clock: Clock;
  /** Only the entries of this run, each with its proofs. */
  readonly runId?: string | undefined;
  /** With a run: show too that the log began with this many entries of an earlier checkpoint. */
  readonly sinceSize?: number | undefined;
}

/** The text of an export, in pieces. Throws `audit/entry_not_found` before the first. */
export function exportText(options: ExportOptions): AsyncIterable<string> {
  const { runId, ledger, checkpoint, sinceSize } = options;
  if (runId !== undefined && ledger.entriesOf(runId, { limit: 1 }).length === 0) {
    throw new KheishError(
      'audit/entry_not_found',
      `No external action of run "${runId}" is on the record.`,
    );
  }
  if (sinceSize !== undefined && sinceSize > checkpoint.tree_size) {
    throw new KheishError('api/bad_request', `The log has ${checkpoint.tree_size} entries only.`);
  }
  return pieces(options);
}

async function* pieces(options: ExportOptions): AsyncGenerator<string> {
  const { checkpoint, runId, clock } = options;
  const { log_id } = checkpoint;
  const digest = createHash('sha256');
  let entries = 0;
  const header = {
    domain: 'kheish/audit/export/v1',
    log_id,
    ...(runId !== undefined && { run_id: runId }),
  } as const;
  const first = textOf([
    lineOf({ kind: 'header', value: header }),
    lineOf({ kind: 'checkpoint', value: checkpoint }),
  ]);
  digest.update(first);
  yield first;
  for (const part of runId === undefined ? wholeLog(options) : partOfLog(options, runId)) {
    const text = textOf(part.lines);
    entries += part.entries;
    digest.update(text);
    yield text;
    // A turn for others.
    await clock.sleep(0);
  }
  yield textOf([trailer(options, entries, digest.digest('hex'))]);
}

interface Part {
  readonly entries: number;
  readonly lines: readonly string[];
}

function* wholeLog({ ledger, checkpoint }: ExportOptions): Generator<Part> {
  let groupStart = 0;
  for (let from = 0; from < checkpoint.tree_size; from += PAGE) {
    const limit = Math.min(PAGE, checkpoint.tree_size - from);
    const rows = ledger.entries({ from, limit });
    const lines: string[] = [];
    for (const row of rows) {
      lines.push(row.body);
      if (row.signature === undefined) continue;
      const size = row.index + 1 - groupStart;
      lines.push(
        lineOf({ kind: 'seal', value: { ...signatureOf(row), first_index: groupStart, size } }),
      );
      groupStart = row.index + 1;
    }
    yield { entries: rows.length, lines };
  }
}

/** The entries of a run and the changes of keys, by their place. */
function* partOfLog(options: ExportOptions, runId: string): Generator<Part> {
  const { ledger, checkpoint, sinceSize } = options;
  const tree = keptTree(ledger);
  const rows = [...chainEntries(ledger, 'unscoped'), ...chainEntries(ledger, runId)]
    .filter(({ index }) => index < checkpoint.tree_size)
    .toSorted((a, b) => a.index - b.index);
  for (const row of rows) {
    const value = {
      inclusion: tree.inclusionPath(row.index, checkpoint.tree_size).map(toHex),
      log_index: row.index,
      seal: sealOf(ledger.group(row.index), row.index),
    };
    yield { entries: 1, lines: [row.body, lineOf({ kind: 'proof', value })] };
  }
  if (sinceSize !== undefined && sinceSize > 0) {
    const path = tree.consistencyPath(sinceSize, checkpoint.tree_size).map(toHex);
    const line: ExportLine = { kind: 'consistency', value: { from_tree_size: sinceSize, path } };
    yield { entries: 0, lines: [lineOf(line)] };
  }
}

/** What proves one entry of a group by the signature that they share. */
export function sealOf(group: readonly LedgerRow[], index: number) {
  const [first, last] = [group[0], group.at(-1)];
  if (first === undefined || last === undefined) throw damaged(`entry ${index} has no signature`);
  const leaves = group.map(({ body }) => nativeTree.leaf(body));
  const path = smallTree(leaves)
    .inclusionPath(index - first.index, group.length)
    .map(toHex);
  return { ...signatureOf(last), first_index: first.index, path, size: group.length };
}

function signatureOf({ keyId, signature, index }: LedgerRow) {
  if (keyId === undefined || signature === undefined) {
    throw damaged(`entry ${index} has no signature`);
  }
  return { key_id: keyId, signature: toHex(signature) };
}

function trailer(options: ExportOptions, entries: number, sha256: string): string {
  const { key, keyCoLocated, clock, checkpoint } = options;
  const statement: Omit<Trailer, 'signature'> = {
    domain: 'kheish/audit/export-end/v1',
    entries,
    key_co_located: keyCoLocated,
    key_id: key.keyId,
    log_id: checkpoint.log_id,
    sha256,
    timestamp_ms: clock.now(),
  };
  const signature = toHex(key.sign(canonicalJson(statement)));
  return lineOf({ kind: 'trailer', value: { ...statement, signature } });
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
