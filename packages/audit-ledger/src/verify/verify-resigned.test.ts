import { createHash } from 'node:crypto';
import { canonicalJson } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import {
  type ExportLine,
  type Trailer,
  isEntryLine,
  lineOf,
  readLine,
} from '../export/export-lines.ts';
import { codesOf, exported, verified } from '../testing/exported.ts';
import { MemoryLedger, testKey } from '../testing/memory-ledger.ts';

// Who has the key can sign the end of a file anew: then what is inside must tell.

type Edit = (lines: readonly string[]) => readonly string[];
type Value<K extends ExportLine['kind']> = Extract<ExportLine, { kind: K }>['value'];

const key = testKey(1);
const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

/** The lines without the end, edited, and an end that fits them. */
function resigned(bytes: Buffer, edit: Edit, change: Partial<Trailer> = {}): Buffer {
  const lines = bytes.toString().split('\n').slice(0, -2);
  const body = textOf(edit(lines));
  const end = readLine(bytes.toString().split('\n').at(-2) ?? '') as ExportLine;
  const { signature: _old, ...before } = end.value as Trailer;
  const sha256 = createHash('sha256').update(body).digest('hex');
  const entries = edit(lines).filter((line) => isEntryLine(line)).length;
  const statement = { ...before, sha256, entries, ...change };
  const signature = Buffer.from(key.sign(canonicalJson(statement))).toString('hex');
  const trailer = lineOf({ kind: 'trailer', value: { ...statement, signature } });
  return Buffer.from(textOf([...body.split('\n').slice(0, -1), trailer]));
}

/** Changes the nth line of a kind. */
function changing<K extends ExportLine['kind']>(
  kind: K,
  nth: number,
  change: (value: Value<K>) => Value<K>,
): Edit {
  return (lines) => {
    let seen = 0;
    return lines.map((text) => {
      const line = readLine(text);
      if (line?.kind !== kind || (seen += 1) !== nth + 1) return text;
      return lineOf({ kind, value: change(line.value as Value<K>) } as ExportLine);
    });
  };
}

const flip = (hex: string) => (hex.startsWith('0') ? '1' : '0') + hex.slice(1);
const without =
  (from: number, count: number): Edit =>
  (lines) =>
    lines.toSpliced(from, count);
const swapped =
  (from: number, to: number, count: number): Edit =>
  (lines) =>
    lines
      .toSpliced(from, count, ...lines.slice(to, to + count))
      .toSpliced(to, count, ...lines.slice(from, from + count));

/** Each entry with a signature of its own: two lines each, after the header and the checkpoint. */
function singly(count: number): MemoryLedger {
  const ledger = new MemoryLedger();
  for (let size = 1; size <= count; size += 1) ledger.grow(size);
  return ledger;
}

async function found(bytes: Buffer, edit: Edit, change?: Partial<Trailer>): Promise<string[]> {
  const report = await verified(resigned(bytes, edit, change));
  return codesOf(report)
    .filter((code) => code.includes('contradictions'))
    .map((code) => code.replace(' contradictions', ''));
}

test('an end that is signed anew for the same lines holds', async () => {
  const bytes = await exported(singly(4));
  expect(await found(bytes, (lines) => lines)).toEqual([]);
  const ofRun = await exported(singly(8), { runId: 'run_0' });
  expect(await found(ofRun, (lines) => lines)).toEqual([]);
});

describe('of the whole log', () => {
  test.each<[string, Edit, string[]]>([
    ['the last entry is gone', without(8, 2), ['chain: bad_root']],
    ['the first entry is gone', without(2, 2), ['chain: wrong_group']],
    ['two entries are in the other order', swapped(2, 4, 2), ['chain: wrong_group']],
    ['a signature is gone', without(3, 1), ['chain: wrong_group']],
    ['the last signature is gone', without(9, 1), ['chain: unsealed']],
    [
      'a signature is another',
      changing('seal', 1, (seal) => ({ ...seal, signature: flip(seal.signature) })),
      ['content: bad_signature'],
    ],
    [
      'a key is another',
      changing('seal', 1, (seal) => ({ ...seal, key_id: testKey(2).keyId })),
      ['content: bad_signature', 'independence: unannounced_key', 'independence: unannounced_key'],
    ],
    [
      'the checkpoint is of other entries',
      changing('checkpoint', 0, (one) => ({ ...one, root_hash: flip(one.root_hash) })),
      ['chain: bad_root', 'content: bad_checkpoint_signature'],
    ],
    [
      'the checkpoint is of fewer',
      changing('checkpoint', 0, (one) => ({ ...one, tree_size: 3 })),
      ['chain: too_many', 'content: bad_checkpoint_signature'],
    ],
    [
      'the checkpoint is of another log',
      changing('checkpoint', 0, (one) => ({ ...one, log_id: 'root_2' })),
      ['chain: other_log', 'chain: bad_end'],
    ],
    [
      'the header is of another log',
      changing('header', 0, (one) => ({ ...one, log_id: 'root_2' })),
      ['chain: other_log', 'content: bad_signature'],
    ],
    [
      'the header is of a run',
      changing('header', 0, (one) => ({ ...one, run_id: 'run_0' })),
      ['chain: misplaced'],
    ],
    [
      'all entries are gone',
      (lines) => changing('checkpoint', 0, (one) => ({ ...one, tree_size: 0 }))(lines.slice(0, 2)),
      ['chain: no_entries'],
    ],
    ['there is no header', without(0, 1), ['chain: misplaced']],
    ['there is no checkpoint', without(1, 1), ['chain: misplaced']],
  ])('%s', async (_title, edit, codes) => {
    const told = await found(await exported(singly(4)), edit);
    expect(told).toEqual(expect.arrayContaining(codes));
  });

  test.each<[string, Partial<Trailer>, string]>([
    ['counts other entries', { entries: 3 }, 'chain: bad_end'],
    ['is of another log', { log_id: 'root_2' }, 'chain: bad_end'],
    ['is of other bytes', { sha256: '00'.repeat(32) }, 'chain: bad_digest'],
    [
      'says another key than signed it',
      { key_id: testKey(2).keyId },
      'content: bad_trailer_signature',
    ],
  ])('an end that %s', async (_title, change, code) => {
    expect(await found(await exported(singly(4)), (lines) => lines, change)).toContain(code);
  });
});

const ofRun = () => exported(singly(20), { runId: 'run_0' });

describe('of one run', () => {
  test.each<[string, Edit, string[]]>([
    ['its first entry is gone', without(2, 2), ['chain: broken_link']],
    ['an entry between is gone', without(4, 2), ['chain: broken_link']],
    [
      'two entries are in the other order',
      swapped(2, 4, 2),
      ['chain: broken_link', 'chain: wrong_order'],
    ],
    ['all its entries are gone', (lines) => lines.slice(0, 2), ['chain: no_entries']],
    ['a proof is gone', without(3, 1), ['chain: misplaced']],
    [
      'a proof is there twice',
      (lines) => lines.toSpliced(3, 0, lines[3] as string),
      ['chain: misplaced'],
    ],
    [
      'an entry is at another place',
      changing('proof', 0, (proof) => ({ ...proof, log_index: 1 })),
      ['chain: not_included'],
    ],
    [
      'a hash of the way to the checkpoint is another',
      changing('proof', 1, (proof) => ({
        ...proof,
        inclusion: proof.inclusion.with(0, '00'.repeat(32)),
      })),
      ['chain: not_included'],
    ],
    [
      'a signature is another',
      changing('proof', 1, ({ seal, ...proof }) => ({
        ...proof,
        seal: { ...seal, signature: flip(seal.signature) },
      })),
      ['content: bad_signature'],
    ],
    [
      'a signature is for another group',
      changing('proof', 1, ({ seal, ...proof }) => ({ ...proof, seal: { ...seal, size: 2 } })),
      ['content: bad_signature'],
    ],
    [
      'it is said to be another run',
      changing('header', 0, (one) => ({ ...one, run_id: 'run_1' })),
      ['chain: other_run'],
    ],
    [
      'it is said to be the whole log',
      changing('header', 0, ({ run_id: _run, ...one }) => one),
      ['chain: misplaced'],
    ],
  ])('%s', async (_title, edit, codes) => {
    const told = await found(await ofRun(), edit);
    expect(told).toEqual(expect.arrayContaining(codes));
  });

  test('that its last entries are gone cannot be told, and that is said', async () => {
    const bytes = await ofRun();
    const lines = bytes.toString().split('\n').length - 2;
    const report = await verified(resigned(bytes, without(lines - 2, 2)));
    expect([report.ok, codesOf(report)]).toMatchObject([
      true,
      expect.arrayContaining(['chain not_established: tail_of_run']),
    ]);
  });
});
