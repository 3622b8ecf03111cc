import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codesOf, exported, verified } from '../testing/exported.ts';
import { MemoryLedger, testAction, testKey } from '../testing/memory-ledger.ts';

describe('an export as it was written', () => {
  test('says what is established, and what is not', async () => {
    const ledger = new MemoryLedger().grow(23);
    const bytes = await exported(ledger, { keyCoLocated: true });
    for (const portable of [false, true]) {
      const report = await verified(bytes, { portable });
      expect(codesOf(report)).toEqual([
        'chain established: complete',
        'chain not_established: no_earlier_checkpoint',
        'content established: signatures_hold',
        'content not_established: requests_without_response',
        'independence not_established: self_attested',
        'independence not_established: key_co_located',
      ]);
      expect(report).toMatchObject({ ok: true, entries: 23, tree_size: 23, log_id: 'root_1' });
    }
  });

  test('is the log of a key and of a checkpoint that are known from elsewhere [holds audit.offline_verify]', async () => {
    const ledger = new MemoryLedger().grow(10);
    const checkpoint = ledger.sign();
    ledger.grow(24);
    const bytes = await exported(ledger);
    const publicKeys = [testKey(1).keyId];
    expect(codesOf(await verified(bytes, { publicKeys, checkpoint }))).toEqual([
      'chain established: append_only',
      'chain established: complete',
      'content established: signatures_hold',
      'independence established: known_key',
    ]);
    expect(codesOf(await verified(bytes, { checkpoint }))).toContain(
      'independence established: known_key',
    );
    const other = await verified(bytes, { publicKeys: [testKey(2).keyId] });
    expect([other.ok, codesOf(other)]).toMatchObject([
      false,
      expect.arrayContaining(['independence contradictions: other_key']),
    ]);
  });

  test('with hashes only says that nothing is known of who signed', async () => {
    const bytes = await exported(new MemoryLedger().grow(8));
    const report = await verified(bytes, { hashesOnly: true });
    expect([report.ok, codesOf(report)]).toMatchObject([
      true,
      expect.arrayContaining([
        'content not_established: signatures_not_checked',
        'independence not_established: signatures_not_checked',
      ]),
    ]);
  });

  test('of one run has its entries with proofs, and proves growth where it was asked to', async () => {
    const ledger = new MemoryLedger().grow(40);
    const checkpoint = ledger.sign();
    ledger.grow(300);
    const now = ledger.sign();
    const bytes = await exported(ledger, {
      runId: 'run_1',
      checkpoint: now,
      sinceSize: checkpoint.tree_size,
    });
    const report = await verified(bytes, { checkpoint });
    expect([report.ok, report.entries, codesOf(report)]).toEqual([
      true,
      ledger.rows.filter(({ chain }) => chain === 'run_1').length,
      [
        'chain established: append_only',
        'chain established: included',
        'chain not_established: tail_of_run',
        'content established: signatures_hold',
        'independence established: known_key',
      ],
    ]);
    const bare = await exported(ledger, { runId: 'run_1', checkpoint: now });
    expect(codesOf(await verified(bare, { checkpoint }))).toContain(
      'chain not_established: no_consistency_proof',
    );
    const fork = { ...checkpoint, root_hash: '00'.repeat(32) };
    expect((await verified(bytes, { checkpoint: fork })).ok).toBe(false);
  });
});

const textOf = (all: readonly string[]) => Buffer.from(all.map((line) => `${line}\n`).join(''));

/** Files that differ from a good one in one place, and whether only a signature can tell. */
function* changed(bytes: Buffer): Generator<[string, Buffer]> {
  const every = process.env['PROOFS'] === 'all' ? 1 : 9;
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (bytes[at] as number) ^ (1 << (at % 8));
    yield [`byte ${at} is ${flipped[at]}`, flipped];
    if (at % every > 0) continue;
    yield [`byte ${at} is gone`, Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])];
    yield [`cut at ${at}`, bytes.subarray(0, at)];
  }
  const lines = bytes.toString().split('\n').slice(0, -1);
  for (const [at, line] of lines.entries()) {
    yield [`line ${at} is gone`, textOf(lines.toSpliced(at, 1))];
    yield [`line ${at} is there twice`, textOf(lines.toSpliced(at, 0, line))];
    for (let other = at + 1; other < lines.length; other += 1) {
      const swapped = lines.with(at, lines[other] as string).with(other, line);
      yield [`lines ${at} and ${other} are swapped`, textOf(swapped)];
    }
  }
  yield ['more at the end', Buffer.concat([bytes, Buffer.from('\n')])];
  yield ['more at the end', Buffer.concat([bytes, Buffer.from(' ')])];
}

describe('every change of one byte or line is noticed', () => {
  test.each<[string, number, string | undefined]>([
    ['of the whole log', 3, undefined],
    ['of one run', 4, 'run_1'],
  ])('%s [holds audit.every_byte]', async (_title, size, runId) => {
    const ledger = new MemoryLedger().grow(size);
    const bytes = await exported(ledger, { runId });
    expect((await verified(bytes)).ok).toBe(true);
    const trailer = bytes.lastIndexOf('{"trailer"');
    let count = 0;
    for (const [what, file] of changed(bytes)) {
      count += 1;
      // Before the trailer it takes no signature to tell.
      const hashesOnly = !file.subarray(0, trailer).equals(bytes.subarray(0, trailer));
      if ((await verified(file, { hashesOnly })).ok) expect.fail(what);
    }
    expect(count).toBeGreaterThan(bytes.length);
  });

  test('at random places of larger ones [holds audit.every_byte]', async () => {
    const bytes = await exported(new MemoryLedger().grow(400, 20));
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, bits) => {
          const copy = Buffer.from(bytes);
          copy[at] = (copy[at] as number) ^ bits;
          expect((await verified(copy, { hashesOnly: at < bytes.length - 400 })).ok).toBe(false);
        },
      ),
      { numRuns: 40 },
    );
  });
});

const saved = () => new MemoryLedger().grow(12).sign();

/** A log of the same key in which an entry is another. */
function rewritten(number: number, size: number): MemoryLedger {
  const ledger = new MemoryLedger();
  for (let step = 1; ledger.rows.length < size; step = (step % 3) + 1) {
    const from = ledger.rows.length;
    const group = Array.from({ length: Math.min(step, size - from) }, (_, at) => {
      const action = testAction(from + at);
      return from + at === number ? { ...action, target: 'bash:other' } : action;
    });
    ledger.commit(...group);
  }
  return ledger;
}

describe('who holds the key himself is noticed by a saved checkpoint', () => {
  test.each<[string, () => MemoryLedger, string]>([
    ['who cuts the log back', () => new MemoryLedger().grow(9), 'rolled_back'],
    ['who rewrites an entry', () => rewritten(7, 20), 'forked'],
    ['who rewrites the last one', () => rewritten(11, 12), 'forked'],
    ['who begins anew', () => rewritten(0, 30), 'forked'],
  ])('%s [holds audit.saved_checkpoint]', async (_title, make, code) => {
    const bytes = await exported(make());
    expect(codesOf(await verified(bytes))).not.toContain(`chain contradictions: ${code}`);
    const report = await verified(bytes, { checkpoint: saved() });
    expect([report.ok, codesOf(report)]).toMatchObject([
      false,
      expect.arrayContaining([`chain contradictions: ${code}`]),
    ]);
  });

  test('that of another log, or one that nobody signed, is none', async () => {
    const bytes = await exported(new MemoryLedger().grow(20));
    const checkpoint = saved();
    for (const wrong of [
      { ...checkpoint, log_id: 'root_2' },
      { ...checkpoint, timestamp_ms: 5 },
      { ...checkpoint, signature: 'ab'.repeat(64) },
    ]) {
      expect((await verified(bytes, { checkpoint: wrong })).ok).toBe(false);
    }
  });
});

const change = (from: number, to: number, outcome: 'announced' | 'lost') => ({
  action_id: 'audit_key_1',
  timestamp_ms: 1,
  phase: 'response' as const,
  kind: 'audit_key' as const,
  target: `ed25519:${testKey(from).keyId}>${testKey(to).keyId}`,
  outcome,
});

describe('a change of the key', () => {
  test('that the old key announced goes on from it [holds audit.rotation]', async () => {
    const ledger = new MemoryLedger(testKey(1)).grow(7);
    ledger.commit(change(1, 2, 'announced'));
    const between = ledger.sign();
    ledger.useKey(testKey(2));
    const bytes = await exported(ledger.grow(20));
    for (const known of [
      { publicKeys: [testKey(1).keyId] },
      { publicKeys: [testKey(2).keyId] },
      { checkpoint: between },
    ]) {
      const report = await verified(bytes, known);
      expect([report.ok, codesOf(report)]).toMatchObject([
        true,
        expect.arrayContaining([
          'independence established: key_rotated',
          'independence established: known_key',
        ]),
      ]);
    }
    const ofRun = await exported(ledger, { runId: 'run_0' });
    expect((await verified(ofRun, { publicKeys: [testKey(1).keyId] })).ok).toBe(true);
  });

  test('that the new key alone declares is shown as a boundary, and is not the key that was given', async () => {
    const ledger = new MemoryLedger(testKey(1)).grow(7);
    ledger.useKey(testKey(2));
    ledger.commit(change(1, 2, 'lost'));
    const bytes = await exported(ledger.grow(20));
    const report = await verified(bytes);
    expect([report.ok, codesOf(report)]).toMatchObject([
      true,
      expect.arrayContaining(['independence not_established: key_lost']),
    ]);
    expect((await verified(bytes, { publicKeys: [testKey(1).keyId] })).ok).toBe(false);
    const publicKeys = [testKey(1).keyId, testKey(2).keyId];
    expect((await verified(bytes, { publicKeys })).ok).toBe(true);
  });

  test.each<[string, (ledger: MemoryLedger) => void]>([
    ['nobody declares', (ledger) => ledger.useKey(testKey(2))],
    [
      'another key announces',
      (ledger) => {
        ledger.commit(change(3, 2, 'announced'));
        ledger.useKey(testKey(2));
      },
    ],
    [
      'another key than the announced one makes',
      (ledger) => {
        ledger.commit(change(1, 3, 'announced'));
        ledger.useKey(testKey(2));
      },
    ],
    [
      'comes after the announcement, by the old key',
      (ledger) => ledger.commit(change(1, 2, 'announced')),
    ],
  ])('that %s contradicts', async (_title, act) => {
    const ledger = new MemoryLedger(testKey(1)).grow(7);
    act(ledger);
    const report = await verified(await exported(ledger.grow(20)));
    expect([report.ok, codesOf(report)]).toMatchObject([
      false,
      expect.arrayContaining(['independence contradictions: unannounced_key']),
    ]);
  });
});

test('the two implementations say the same of any file', async () => {
  const bytes = await exported(new MemoryLedger().grow(6));
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: bytes.length - 1 }),
      fc.integer({ min: 0, max: 255 }),
      async (at, bits) => {
        const copy = Buffer.from(bytes);
        copy[at] = (copy[at] as number) ^ bits;
        expect(await verified(copy, { portable: true })).toEqual(await verified(copy));
      },
    ),
    { numRuns: 20, examples: [[0, 0]] },
  );
});
