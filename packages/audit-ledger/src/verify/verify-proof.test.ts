import { describe, expect, test } from 'vitest';
import { proveEntry } from '../proof/make-proof.ts';
import { codesOf } from '../testing/exported.ts';
import { MemoryLedger, testKey } from '../testing/memory-ledger.ts';
import { verifyDocument } from './verify-proof.ts';

describe('a checkpoint beside one that was saved', () => {
  const ledger = new MemoryLedger().grow(4);
  const early = ledger.sign();
  const late = ledger.grow(9) && ledger.sign();
  const fork = new MemoryLedger().grow(9, 2).sign();

  test.each([
    ['the same', late, late, true, 'chain established: append_only'],
    ['of other entries', late, fork, false, 'chain contradictions: forked'],
    ['of fewer entries', late, early, true, 'chain not_established: no_consistency_proof'],
    ['of more entries', early, late, true, 'chain not_established: no_consistency_proof'],
    [
      'of another log',
      late,
      { ...late, log_id: 'root_2' },
      false,
      'chain contradictions: other_log',
    ],
    [
      'that was changed',
      late,
      { ...late, timestamp_ms: 1 },
      false,
      'content contradictions: bad_checkpoint_signature',
    ],
  ])('%s', (_title, checkpoint, saved, ok, code) => {
    const report = verifyDocument(JSON.stringify(checkpoint), { checkpoint: saved });
    expect([report?.ok, report && codesOf(report)]).toMatchObject([
      ok,
      expect.arrayContaining([code]),
    ]);
  });

  test('none: what cannot be said without is said', () => {
    const report = verifyDocument(JSON.stringify(late), { publicKeys: [testKey(1).keyId] });
    expect(report && codesOf(report)).toEqual([
      'chain not_established: no_earlier_checkpoint',
      'independence established: known_key',
    ]);
  });
});

const text = (document: unknown) =>
  JSON.stringify(document).replace('"target":null', '"target":1e999');

test.each(['\ud800', Infinity])('a text without a canonical form is no document: %j', (value) => {
  const ledger = new MemoryLedger().grow(4);
  const checkpoint = ledger.sign();
  const proof = proveEntry(ledger, checkpoint, 1);
  const entry = { ...proof.entry, target: value };
  expect(verifyDocument(text(proof))?.ok).toBe(true);
  expect(verifyDocument(text({ ...proof, entry }))).toBeUndefined();
  expect(verifyDocument(JSON.stringify({ ...checkpoint, log_id: '\ud800' }))).toBeUndefined();
});
