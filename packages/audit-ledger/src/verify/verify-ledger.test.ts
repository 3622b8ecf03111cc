import type { SQLInputValue } from 'node:sqlite';
import type { AuditCheckpoint } from '@kheish/core-model';
import type { Store } from '@kheish/state-store';
import { describe, expect, test } from 'vitest';
import { Checkpointer } from '../checkpoint/checkpointer.ts';
import { nativeSha256 } from '../merkle/hashing.ts';
import { codesOf } from '../testing/exported.ts';
import { LedgerRoot } from '../testing/ledger-root.ts';
import { testKey } from '../testing/memory-ledger.ts';
import { type LedgerVerifyOptions, verifyLedger } from './verify-ledger.ts';

function check(store: Store, options: Partial<LedgerVerifyOptions> = {}) {
  return verifyLedger(store.ledger, { logId: store.root.rootId, ...options });
}

async function sign(root: LedgerRoot, store: Store): Promise<AuditCheckpoint> {
  const checkpointer = new Checkpointer({ store, key: testKey(1), clock: root.clock });
  return (await checkpointer.now()) as AuditCheckpoint;
}

/** How far apart the bytes are that are changed: all of them take a minute. */
const STEP = process.env['PROOFS'] === 'all' ? 1 : 4;

/** Values that differ from this one in one byte, or are of another kind. */
function* otherValues(value: SQLInputValue): Generator<SQLInputValue> {
  if (value === null) {
    yield 'text';
    yield new Uint8Array(64);
  } else if (typeof value === 'number') {
    yield value + 100_000;
    yield -1 - value;
  } else if (typeof value === 'string') {
    for (let at = 0; at < value.length; at += STEP) {
      const other = String.fromCharCode(value.charCodeAt(at) ^ 1);
      yield value.slice(0, at) + other + value.slice(at + 1);
    }
    yield value.slice(0, -1);
    yield `${value} `;
  } else {
    const bytes = value as Uint8Array;
    for (let at = 0; at < bytes.length; at += STEP) {
      yield bytes.map((byte, place) => (place === at ? byte ^ (1 << (at % 8)) : byte));
    }
    yield bytes.slice(1);
    yield new Uint8Array();
    yield 'text';
  }
}

const keyOf: Record<string, readonly string[]> = {
  ledger_entries: ['idx'],
  ledger_checkpoints: ['tree_size'],
  ledger_subtrees: ['level', 'idx'],
};

function where(table: string, row: Record<string, SQLInputValue>) {
  const columns = keyOf[table] ?? [];
  return {
    clause: columns.map((column) => `${column} = ?`).join(' AND '),
    values: columns.map((column) => row[column] as SQLInputValue),
  };
}

/** Changes each column of each row in every way, and takes each row away; puts it back after `found`. */
async function damageEach(
  root: LedgerRoot,
  table: string,
  found: (what: string) => Promise<void>,
): Promise<number> {
  let count = 0;
  for (const row of root.rows(table)) {
    const { clause, values } = where(table, row);
    const columns = Object.keys(row);
    const putBack = () => {
      root.sql(
        `INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
        ...Object.values(row),
      );
    };
    for (const [column, value] of Object.entries(row)) {
      for (const other of otherValues(value)) {
        try {
          root.sql(`UPDATE ${table} SET ${column} = ? WHERE ${clause}`, other, ...values);
        } catch {
          continue;
        }
        count += 1;
        await found(`${table} ${JSON.stringify(values)} ${column}`);
        const changed = where(table, { ...row, [column]: other });
        root.sql(`DELETE FROM ${table} WHERE ${changed.clause}`, ...changed.values);
        putBack();
      }
    }
    root.sql(`DELETE FROM ${table} WHERE ${clause}`, ...values);
    count += 1;
    await found(`${table} without ${JSON.stringify(values)}`);
    putBack();
  }
  return count;
}

describe('the tables of the ledger', () => {
  test('as they were written have nothing to be found', async () => {
    await using root = new LedgerRoot();
    const store = root.open();
    await root.act(store, 3);
    const checkpoint = await sign(root, store);
    await root.act(store, 3, true);
    expect(codesOf(await check(store, { checkpoint, keyCoLocated: true }))).toEqual([
      'chain established: append_only',
      'chain established: complete',
      'chain not_established: uncovered',
      'content established: signed',
      'independence established: known_key',
      'independence not_established: key_co_located',
    ]);
  });

  test('any change of any byte of any column, and any row that is gone, is found [holds audit.tables]', async () => {
    await using root = new LedgerRoot();
    const store = root.open();
    await root.act(store, 1);
    await sign(root, store);
    await root.act(store, 1, true);
    const checkpoint = await sign(root, store);
    let count = 0;
    for (const table of ['ledger_entries', 'ledger_checkpoints']) {
      count += await damageEach(root, table, async (what) => {
        const signatures = /signature|key_id|body/.test(what) && /checkpoints/.test(what);
        const options = { hashesOnly: !signatures && !/signature|key_id/.test(what) };
        if ((await check(store, { ...options, checkpoint })).ok) expect.fail(what);
      });
    }
    expect(count).toBeGreaterThan(500);
    expect((await check(store, { checkpoint })).ok).toBe(true);
  });

  test('so is any of the subtrees that are kept', async () => {
    await using root = new LedgerRoot();
    const store = root.open();
    await root.act(store, 130, true);
    await sign(root, store);
    expect(root.rows('ledger_subtrees')).toHaveLength(1);
    const count = await damageEach(root, 'ledger_subtrees', async (what) => {
      if ((await check(store, { hashesOnly: true })).ok) expect.fail(what);
    });
    expect(count).toBeGreaterThan(8);
    root.sql('INSERT INTO ledger_subtrees (level, idx, hash) VALUES (8, 1, ?)', new Uint8Array(32));
    expect((await check(store, { hashesOnly: true })).ok).toBe(false);
  });

  test('are whole too while they grow under the check', async () => {
    await using root = new LedgerRoot();
    const store = root.open();
    const signer = new Checkpointer({ store, key: testKey(1), clock: root.clock });
    await root.act(store, 300, true);
    await signer.now();
    let turns = 0;
    const report = await check(store, {
      hashesOnly: true,
      pause: async () => {
        turns += 1;
        if (turns > 2) return;
        await root.act(store, 300, true);
        await signer.now();
      },
    });
    expect([report.ok, report.entries, report.tree_size]).toEqual([true, 1_800, 1_800]);
  });

  test('two entries in each other’s place are found', async () => {
    await using root = new LedgerRoot();
    const store = root.open();
    await root.act(store, 3, true);
    for (const [a, b] of [
      [0, 1],
      [1, 4],
      [2, 5],
    ] as const) {
      const swap = () => {
        root.sql('UPDATE ledger_entries SET idx = 99 WHERE idx = ?', a);
        root.sql('UPDATE ledger_entries SET idx = ? WHERE idx = ?', a, b);
        root.sql('UPDATE ledger_entries SET idx = ? WHERE idx = 99', b);
      };
      swap();
      expect((await check(store)).ok).toBe(false);
      swap();
    }
    expect((await check(store)).ok).toBe(true);
  });

  test('an entry that is rewritten with all its hashes is found by its signature', async () => {
    await using root = new LedgerRoot();
    const store = root.open();
    await root.act(store, 1);
    const [, response] = root.rows('ledger_entries');
    const before = response?.['body'] as string;
    const body = before.replace('"outcome":"ok"', '"outcome":"no"');
    expect(body).not.toBe(before);
    const hash = nativeSha256(body);
    root.sql('UPDATE ledger_entries SET body = ?, record_hash = ? WHERE idx = 1', body, hash);
    expect((await check(store, { hashesOnly: true })).ok).toBe(true);
    expect(codesOf(await check(store))).toContain('content contradictions: bad_signature');
  });

  test('a tail that is cut off whole, checkpoints too, is found by a saved one', async () => {
    await using root = new LedgerRoot();
    const store = root.open();
    await root.act(store, 2);
    const early = await sign(root, store);
    await root.act(store, 2);
    const late = await sign(root, store);
    root.sql('DELETE FROM ledger_entries WHERE idx >= 4');
    expect(codesOf(await check(store))).toContain('chain contradictions: rolled_back');
    root.sql('DELETE FROM ledger_checkpoints WHERE tree_size > 4');
    expect((await check(store, { checkpoint: early })).ok).toBe(true);
    expect(codesOf(await check(store, { checkpoint: late }))).toContain(
      'chain contradictions: rolled_back',
    );
  });
});
