import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runChild } from './testing/run-child.ts';
import { TemporaryRoot } from './testing/temporary-root.ts';

const KILLS = 20;

/** Small, seeded and good enough to choose moments. */
function chooser(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Kills the child after so many acknowledgements, and gives all that it printed. */
async function killAfter(root: TemporaryRoot, count: number): Promise<string[]> {
  const child = runChild('commit-forever.child.ts', {}, root.path);
  const lines: string[] = [];
  for (;;) {
    const line = await child.line();
    if (line === undefined) break;
    if (line.endsWith('.')) lines.push(line.slice(0, -1));
    if (lines.length === count) child.process.kill('SIGKILL');
  }
  expect(await child.ended).toBe('SIGKILL');
  return lines;
}

test(
  `what was acknowledged before any of ${KILLS} kills is there, whole and in order`,
  { timeout: 180_000 },
  async () => {
    await using root = new TemporaryRoot();
    const seed = Date.now() % 1_000_000;
    const choose = chooser(seed);
    const acknowledged = new Map<string, string>();
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const count = 1 + choose(50);
      for (const line of await killAfter(root, count)) {
        const [id = '', fact = ''] = line.split(' ');
        acknowledged.set(id, fact);
      }
      const store = root.open();
      const where = `seed ${seed}, kill ${kill} after ${count} lines`;
      const report = await store.verify();
      expect(report.findings, where).toEqual([]);
      expect(store.feed.head(), where).toBe(report.events);
      for (const [id, fact] of acknowledged) {
        const session = store.read.session(id);
        expect(session, `${where}: ${id}`).toBeDefined();
        if (fact === 'deleted') expect(session?.status).toBe('deleted');
        else {
          const { rows } = store.feed.page({ after: 0, limit: 20, sessionId: id });
          expect(rows[5]?.seq, `${where}: ${id}`).toBe(Number(fact));
        }
      }
      await store.close();
    }

    // A kill between a file and its commit leaves garbage; the next start takes it, and nothing else.
    const store = root.open();
    expect((await store.beginIncarnation()).afterCrash).toBe(true);
    const named = root.rows('SELECT DISTINCT digest FROM blobs WHERE data IS NULL').length;
    expect(readdirSync(root.at('assets'))).toHaveLength(named);
    expect((await store.verify()).findings).toEqual([]);
  },
);
