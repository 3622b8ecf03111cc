import { describe, expect, test } from 'vitest';
import { toHex } from '../merkle/hashing.ts';
import { LedgerRoot } from '../testing/ledger-root.ts';
import { testKey } from '../testing/memory-ledger.ts';
import { Checkpointer } from './checkpointer.ts';
import { keptTree } from './kept-tree.ts';

function checkpointer(root: LedgerRoot, store: ReturnType<LedgerRoot['open']>) {
  return new Checkpointer({ store, key: testKey(1), clock: root.clock });
}

describe('a checkpoint', () => {
  test('is of what the log is now, and the same again while nothing comes', async () => {
    await using root = new LedgerRoot();
    const store = root.open();
    const signer = checkpointer(root, store);
    expect(await signer.now()).toBeUndefined();
    await root.act(store, 2);
    expect(signer.uncovered()).toBe(4);
    const first = await signer.now();
    expect(first).toMatchObject({ tree_size: 4, log_id: store.root.rootId });
    expect([await signer.now(), signer.newest(), signer.uncovered()]).toEqual([first, first, 0]);
    await root.act(store, 1);
    const second = await signer.now();
    expect(second?.tree_size).toBe(6);
    expect(store.ledger.checkpoints({ limit: 9 }).map(({ treeSize }) => treeSize)).toEqual([4, 6]);
  });

  test('that several ask for at once is made once', async () => {
    await using root = new LedgerRoot();
    const store = root.open();
    await root.act(store, 1);
    const signer = checkpointer(root, store);
    const all = await Promise.all([signer.now(), signer.now(), signer.now()]);
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(store.ledger.checkpoints({ limit: 9 })).toHaveLength(1);
  });

  test('is made about once a second while there is work, and at the end', async () => {
    await using root = new LedgerRoot();
    const store = root.open();
    const signer = checkpointer(root, store);
    signer.follow();
    const sizes = () => store.ledger.checkpoints({ limit: 9 }).map(({ treeSize }) => treeSize);
    await root.act(store, 1);
    root.clock.advance(999);
    expect(sizes()).toEqual([]);
    root.clock.advance(1);
    await signer.now();
    expect(sizes()).toEqual([2]);
    await root.act(store, 2);
    await signer.close();
    expect(sizes()).toEqual([2, 6]);
  });

  test('goes on after a start, with the same roots as over the whole log', async () => {
    await using root = new LedgerRoot();
    let store = root.open();
    await root.act(store, 140, true);
    await checkpointer(root, store).now();
    await root.close();
    store = root.open();
    await root.act(store, 300, true);
    const signer = checkpointer(root, store);
    const { root_hash, tree_size } = (await signer.now()) ?? {};
    expect(tree_size).toBe(880);
    expect(store.ledger.subtrees(8, { from: 0, limit: 9 }).map(({ index }) => index)).toEqual([
      0, 1, 2,
    ]);
    const { ledger } = store;
    const unkept = { entries: ledger.entries.bind(ledger), subtrees: () => [] };
    for (const size of [1, 255, 256, 257, 300, 511, 512, 700, 880]) {
      expect(toHex(keptTree(store.ledger).root(size))).toBe(toHex(keptTree(unkept).root(size)));
    }
    expect(toHex(keptTree(store.ledger).root(880))).toBe(root_hash);
  });
});

describe('nothing is signed that contradicts what was signed', () => {
  test.each<[string, string, string]>([
    [
      'an entry is another',
      `UPDATE ledger_entries SET body = replace(body, 'ok', 'no') WHERE idx = 3`,
      'are not those',
    ],
    ['entries are gone', 'DELETE FROM ledger_entries WHERE idx > 1', 'fewer entries'],
    [
      'the checkpoint is another',
      `UPDATE ledger_checkpoints SET signature = zeroblob(64)`,
      'not one that was signed',
    ],
  ])(
    'where %s at the start, the ledger takes nothing and says why [holds audit.never_two_histories]',
    async (_title, damage, why) => {
      await using root = new LedgerRoot();
      let store = root.open();
      await root.act(store, 2);
      await checkpointer(root, store).now();
      await root.close();
      root.sql(damage);
      store = root.open();
      const signer = checkpointer(root, store);
      expect(store.ledger.failure()).toMatchObject({
        code: 'audit/ledger_unavailable',
        message: expect.stringContaining(why),
      });
      await expect(root.act(store, 1)).rejects.toMatchObject({ code: 'audit/ledger_unavailable' });
      await expect(signer.now()).rejects.toMatchObject({ code: 'audit/ledger_unavailable' });
    },
  );

  test('what follows says it once, and not each second', async () => {
    await using root = new LedgerRoot();
    const store = root.open();
    await root.act(store, 2);
    const said: string[] = [];
    const log = { error: (_facts: object, message: string) => said.push(message) };
    const signer = new Checkpointer({ store, key: testKey(1), clock: root.clock, log });
    await signer.now();
    root.sql('DELETE FROM ledger_entries WHERE idx > 1');
    signer.follow();
    for (let second = 0; second < 3; second += 1) {
      root.clock.advance(1_000);
      await expect(signer.now()).rejects.toThrow();
    }
    await signer.close();
    expect(said.filter((message) => message.startsWith('no checkpoint'))).toHaveLength(1);
  });

  test('so too where entries go while it runs [holds audit.never_two_histories]', async () => {
    await using root = new LedgerRoot();
    const store = root.open();
    await root.act(store, 2);
    const signer = checkpointer(root, store);
    await signer.now();
    root.sql('DELETE FROM ledger_entries WHERE idx > 1');
    await expect(signer.now()).rejects.toThrow('fewer entries');
    expect(store.ledger.failure()?.code).toBe('audit/ledger_unavailable');
  });
});
