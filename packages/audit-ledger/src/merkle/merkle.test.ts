import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Frontier } from './frontier.ts';
import { fromHex, nativeTree, portableSha256, toHex, treeHashing } from './hashing.ts';
import { LogTree, smallTree } from './tree.ts';
import { verifyConsistency, verifyInclusion } from './verify-proofs.ts';

/** The leaves of the reference tests of certificate-transparency, with the root after each of them. */
const published = [
  ['', '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  ['00', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  ['10', 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  ['2021', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7'],
  ['3031', '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
  ['40414243', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef'],
  ['5051525354555657', 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
  [
    '606162636465666768696a6b6c6d6e6f',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ],
] as const;

const textOf = (hex: string) => Buffer.from(hex, 'hex').toString('latin1');
const leaves = (count: number) =>
  Array.from({ length: count }, (_, index) => nativeTree.leaf(`entry ${index}`));

describe.each([
  ['node:crypto', nativeTree],
  ['@noble/hashes', treeHashing(portableSha256)],
])('RFC 6962 by %s', (_, tree) => {
  test('the published roots', () => {
    expect(toHex(tree.empty)).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    const frontier = new Frontier({ tree });
    for (const [leaf, root] of published) {
      frontier.append(textOf(leaf));
      expect(toHex(frontier.root())).toBe(root);
    }
  });
});

test('the published paths', () => {
  const log = smallTree(published.map(([leaf]) => nativeTree.leaf(textOf(leaf))));
  expect(log.inclusionPath(0, 8).map(toHex)).toEqual([
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ]);
  expect(log.inclusionPath(2, 3).map(toHex)).toEqual([
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  ]);
  expect(log.consistencyPath(1, 8).map(toHex)).toEqual([
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ]);
  expect(log.consistencyPath(6, 8).map(toHex)).toEqual([
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
});

const flipped = (hash: Uint8Array, bit: number) =>
  hash.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

test('every size to 1,024: root by all ways, inclusion of every entry, consistency with every earlier size [holds audit.proofs]', () => {
  const size = 1_024;
  const all = leaves(size);
  const log = smallTree(all);
  const roots: Uint8Array[] = [log.root(0)];
  const subtrees = new Map<string, Uint8Array>();
  const frontier = new Frontier({
    onSubtree: (level, index, hash) => subtrees.set(`${level}/${index}`, hash),
  });
  let proofs = 0;
  for (let n = 1; n <= size; n += 1) {
    frontier.appendLeaf(all[n - 1] as Uint8Array);
    const root = log.root(n);
    roots.push(root);
    expect(toHex(frontier.root())).toBe(toHex(root));
    expect(toHex(new Frontier({ size: n, peaks: log.peaks(n) }).root())).toBe(toHex(root));
    // Every pair of the sizes to 96, and beyond it some of each size; all of them with PROOFS=all.
    const stride = n <= 96 || process.env['PROOFS'] === 'all' ? 1 : 97;
    for (let m = n % stride; m < n; m += stride) {
      const leaf = all[m] as Uint8Array;
      const inclusion = { leaf, index: m, size: n, path: log.inclusionPath(m, n), root };
      if (!verifyInclusion(inclusion)) expect.fail(`inclusion of ${m} in ${n}`);
      if (verifyInclusion({ ...inclusion, index: m === 0 ? n - 1 : m - 1 }) && n > 1) {
        expect.fail(`inclusion of ${m} in ${n} as another`);
      }
      proofs += 1;
      if (m === 0) continue;
      const from = { size: m, root: roots[m] as Uint8Array };
      const consistency = { from, to: { size: n, root }, path: log.consistencyPath(m, n) };
      if (!verifyConsistency(consistency)) expect.fail(`consistency of ${m} and ${n}`);
      proofs += 1;
    }
  }
  expect(subtrees.get('10/0')).toEqual(log.root(size));
  expect(proofs).toBeGreaterThan(17_000);
});

test('a proof in which any hash, place or size is changed is none', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 300 }),
      fc.nat(),
      fc.nat(),
      fc.nat({ max: 255 }),
      (size, a, b, bit) => {
        const all = leaves(size);
        const log = smallTree(all);
        const [index, from] = [a % size, 1 + (b % (size - 1))];
        const root = log.root(size);
        const leaf = all[index] as Uint8Array;
        const path = log.inclusionPath(index, size);
        const inclusion = { leaf, index, size, path, root };
        const older = { size: from, root: log.root(from) };
        const consistency = {
          from: older,
          to: { size, root },
          path: log.consistencyPath(from, size),
        };
        expect(verifyInclusion(inclusion) && verifyConsistency(consistency)).toBe(true);
        const changedPaths = (hashes: readonly Uint8Array[]) => [
          ...hashes.map((hash, at) => hashes.with(at, flipped(hash, bit))),
          hashes.slice(1),
          [...hashes, root],
        ];
        for (const wrong of changedPaths(path)) {
          if (wrong.length === path.length - 1 && path.length === 0) continue;
          expect(verifyInclusion({ ...inclusion, path: wrong })).toBe(false);
        }
        for (const wrong of changedPaths(consistency.path)) {
          expect(verifyConsistency({ ...consistency, path: wrong })).toBe(false);
        }
        for (const wrong of [
          { ...inclusion, leaf: flipped(leaf, bit) },
          { ...inclusion, root: flipped(root, bit) },
          { ...inclusion, index: size },
          { ...inclusion, index: -1 },
        ]) {
          expect(verifyInclusion(wrong)).toBe(false);
        }
        const to = { size, root: flipped(root, bit) };
        expect(verifyConsistency({ ...consistency, to })).toBe(false);
        const falseFrom = { size: from, root: flipped(older.root, bit) };
        expect(verifyConsistency({ ...consistency, from: falseFrom })).toBe(false);
        expect(verifyConsistency({ ...consistency, from: { size: size + 1, root } })).toBe(false);
      },
    ),
  );
});

test('proofs of a log of up to a million entries hold', () => {
  // A log whose leaf i is a function of i, so that a subtree of any size is known without its leaves.
  const zero = nativeTree.leaf('the same entry');
  const levels = [zero];
  for (let level = 1; level <= 20; level += 1) {
    const below = levels.at(-1) as Uint8Array;
    levels.push(nativeTree.node(below, below));
  }
  const log = new LogTree((level) => levels[level] as Uint8Array);
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 1_000_000 }), fc.nat(), (size, chance) => {
      const at = chance % size;
      const root = log.root(size);
      const path = log.inclusionPath(at, size);
      expect(verifyInclusion({ leaf: zero, index: at, size, path, root })).toBe(true);
      if (at === 0) return;
      const from = { size: at, root: log.root(at) };
      const to = { size, root };
      expect(verifyConsistency({ from, to, path: log.consistencyPath(at, size) })).toBe(true);
      expect(verifyConsistency({ from, to, path: log.consistencyPath(at, size).slice(1) })).toBe(
        false,
      );
    }),
  );
});

test('a log begins with the empty one, and with itself', () => {
  const log = smallTree(leaves(5));
  const [empty, five] = [
    { size: 0, root: log.root(0) },
    { size: 5, root: log.root(5) },
  ];
  expect(verifyConsistency({ from: empty, to: five, path: [] })).toBe(true);
  expect(verifyConsistency({ from: five, to: five, path: [] })).toBe(true);
  expect(verifyConsistency({ from: five, to: five, path: [fromHex('00'.repeat(32))] })).toBe(false);
  expect(verifyConsistency({ from: { size: 5, root: empty.root }, to: five, path: [] })).toBe(
    false,
  );
});
