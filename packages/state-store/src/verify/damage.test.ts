import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { KheishError } from '@kheish/core-model';
import { expect, test } from 'vitest';
import type { Store } from '../store.ts';
import { conversation, created, recording } from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';

const seed = Number(process.env['KHEISH_TEST_SEED'] ?? Date.now() % 2 ** 31);
const ROUNDS = 120;

/** Small, seeded and good enough to choose bytes. */
function chooser(from: number): (below: number) => number {
  let state = from;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * All that readers are given, or the code of the refusal to read. Of the journal without what no table repeats:
 * the words of an event have no checksum.
 */
function told(store: Store): unknown {
  try {
    const sessions = store.read.sessions({ limit: 100 });
    const { rows } = store.feed.page({ after: 0, limit: 1_000 });
    return {
      sessions,
      runs: store.read.runs({ limit: 100, order: 'asc' }),
      messages: sessions.map(({ session_id: id }) =>
        store.read.messages(id, { from: 0, limit: 100 }),
      ),
      journal: rows.map(({ body: _body, ...names }) => names),
    };
  } catch (error) {
    if (!(error instanceof KheishError)) throw error;
    return error.code;
  }
}

async function write(store: Store, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number += 1) {
    await store.commit(recording(`s${number}`, created(`s${number}`)));
    await store.commit(conversation(`s${number}`, `r${number}`, 'q'.repeat(900), `a ${number}`));
  }
}

/** Opens what is there: a refusal, or a store whose every answer is right or found by `verify`. */
async function examine(root: TemporaryRoot, right: unknown, where: string): Promise<string> {
  let store: Store;
  try {
    store = root.open();
  } catch (error) {
    expect(error, where).toBeInstanceOf(KheishError);
    return (error as KheishError).code;
  }
  try {
    const said = told(store);
    const { ok } = await store.verify();
    if (ok) expect(said, where).toEqual(right);
    return ok ? 'harmless' : 'found';
  } finally {
    await store.close();
  }
}

test(`bytes that the disk changed are refused or found, seed ${seed}`, async () => {
  await using root = new TemporaryRoot();
  const choose = chooser(seed);
  const file = root.at('kheish.db');
  const first = root.open();
  await write(first, 0, 20);
  const right = told(first);
  await first.close();
  copyFileSync(file, root.at('whole'));
  const outcomes = new Map<string, number>();
  const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);

  for (let round = 0; round < ROUNDS; round += 1) {
    const bytes = readFileSync(root.at('whole'));
    const kind = ['header', 'page', 'start of a page', 'cut', 'zeros'][round % 5];
    const pages = bytes.length / 4_096;
    let at = choose(bytes.length);
    if (kind === 'header') at = choose(100);
    if (kind === 'start of a page') at = choose(pages) * 4_096 + choose(16);
    if (kind === 'zeros') bytes.fill(0, choose(pages) * 4_096, choose(pages) * 4_096 + 4_096);
    else bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << choose(8)), at);
    writeFileSync(file, kind === 'cut' ? bytes.subarray(0, at) : bytes);
    for (const rest of ['-wal', '-shm']) rmSync(file + rest, { force: true });
    count(await examine(root, right, `round ${round}: ${kind} at ${at}`));
  }
  expect(outcomes.get('found')).toBeGreaterThan(0);
  expect(outcomes.get('storage/corrupt')).toBeGreaterThan(0);
});

test(`of a log that the disk changed what stands before the change is whole, seed ${seed}`, async () => {
  await using root = new TemporaryRoot();
  const choose = chooser(seed);
  const [file, log] = [root.at('kheish.db'), root.at('kheish.db-wal')];
  const store = root.open();
  await write(store, 0, 10);
  copyFileSync(file, root.at('whole'));
  copyFileSync(log, root.at('whole-wal'));
  const { rows } = store.feed.page({ after: 0, limit: 1_000 });
  await store.close();

  for (let round = 0; round < 30; round += 1) {
    const bytes = readFileSync(root.at('whole-wal'));
    const at = choose(bytes.length);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << choose(8)), at);
    copyFileSync(root.at('whole'), file);
    rmSync(`${file}-shm`, { force: true });
    writeFileSync(log, bytes);
    const after = root.open();
    const where = `round ${round}: at ${at} of ${bytes.length}`;
    expect((await after.verify()).findings, where).toEqual([]);
    const left = after.feed.page({ after: 0, limit: 1_000 }).rows;
    expect(left, where).toEqual(rows.slice(0, left.length));
    await after.close();
  }
});
