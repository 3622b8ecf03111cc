import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { watchFileSystem } from '../testing/fs-steps.ts';
import { runChild } from '../testing/run-child.ts';
import { savedRoot } from '../testing/saved-root.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import { copyRoot } from './copy-root.ts';
import { createBackup } from './create-backup.ts';
import { listBackups } from './list-backups.ts';
import { restoreBackup } from './restore-backup.ts';
import { verifyBackup } from './verify-backup.ts';

/** Kills and faults at every step with `BACKUP_EVERY_STEP=1`, else at so many, and at the last. */
const every = process.env['BACKUP_EVERY_STEP'] !== undefined;
const KILLS = 2;
const FAULTS = 16;
const LIMIT_MS = every ? 1_200_000 : 120_000;

/** The nth step on the disk finds no room; 0: none. Gives how many steps there were. */
async function failing(nth: number, work: () => Promise<unknown>): Promise<[number, unknown]> {
  let steps = 0;
  using _watch = watchFileSystem((step) => {
    steps = step;
    if (step === nth) throw Object.assign(new Error('ENOSPC: no room'), { code: 'ENOSPC' });
  });
  const said = await work().then(
    () => 'done',
    (error: { code?: string }) => error.code,
  );
  return [steps, said];
}

/** Runs it killed before that step. */
async function killed(...args: string[]): Promise<void> {
  const child = runChild('back-up.child.ts', {}, ...args);
  expect(await child.ended).toBe('SIGKILL');
}

function spread(steps: number, count: number, last: number): number[] {
  const all = Array.from({ length: steps }, (_, index) => index + 1);
  const stride = Math.ceil(steps / count);
  return all.filter((nth) => every || nth > steps - last || nth % stride === stride >> 1);
}

const faulted = (steps: number) => spread(steps, FAULTS, 5);
const chosen = (steps: number) => spread(steps, KILLS, 1);

async function rootAndPlace(root: TemporaryRoot, place: TemporaryRoot) {
  const store = await savedRoot(root);
  await store.close();
  const source = { root: root.path, rootId: store.root.rootId, version: '1.0.0', live: false };
  const directory = place.at('backups');
  return { source, directory, bytes: readFileSync(root.at('kheish.db')) };
}

test(
  'a backup that is killed or finds no room at any step leaves the root as it is, and nothing that is taken for good [holds backup.nothing_half]',
  async () => {
    await using root = new TemporaryRoot();
    await using place = new TemporaryRoot();
    const { source, directory, bytes } = await rootAndPlace(root, place);
    const make = (backupId = 'backup_1') =>
      createBackup(source, { directory, backupId, createdAtMs: 1 }, copyRoot);
    const [steps] = await failing(0, make);
    expect(steps).toBeGreaterThan(30);
    const listed = async (where: string) => {
      const backups = existsSync(directory) ? listBackups(directory) : [];
      for (const { state, path } of backups) {
        expect(state, where).toMatch(/^(complete|incomplete)$/);
        if (state === 'complete') expect((await verifyBackup(path)).findings, where).toEqual([]);
      }
      expect(readFileSync(root.at('kheish.db')).equals(bytes), where).toBe(true);
      return backups.map(({ state }) => state);
    };
    for (const nth of faulted(steps)) {
      rmSync(directory, { recursive: true, force: true });
      const where = `no room at step ${nth}`;
      const [, said] = await failing(nth, make);
      const left = await listed(where);
      expect(left, where).toEqual(said === 'done' ? ['complete'] : []);
      if (said !== 'done') expect(said, where).toBe('backups/backup_failed');
    }
    for (const nth of chosen(steps)) {
      rmSync(directory, { recursive: true, force: true });
      await killed('create', root.path, directory, source.rootId, String(nth));
      await listed(`killed at step ${nth}`);
      await make('backup_2');
      expect(readdirSync(directory).filter((name) => name.endsWith('.partial'))).toEqual([]);
    }
  },
  LIMIT_MS,
);

test('a full disk amid the pages of the database is told, and leaves nothing', async () => {
  await using root = new TemporaryRoot();
  await using place = new TemporaryRoot();
  const { source, directory } = await rootAndPlace(root, place);
  const limits = { fileBytes: 65_536 };
  const child = runChild('back-up.child.ts', limits, 'create', root.path, directory, source.rootId);
  expect(await child.line()).toMatch(/^backups\/backup_failed /);
  expect(readdirSync(directory)).toEqual([]);
});

test(
  'a restore that is killed or finds no room at any step leaves no root, or a whole one [holds backup.nothing_half]',
  async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    await store.backup({ directory: root.at('backups'), backupId: 'backup_1', createdAtMs: 1 });
    const backup = root.at('backups/backup_1');
    const stateRoot = root.at('restored');
    const restore = () => restoreBackup({ backup, stateRoot, atMs: 1 });
    const [steps] = await failing(0, restore);
    expect(steps).toBeGreaterThan(30);
    const wholeOrNone = async (where: string) => {
      if (!existsSync(stateRoot)) return false;
      const again = root.open({ stateRoot });
      expect((await again.verify()).findings, where).toEqual([]);
      expect(again.feed.head(), where).toBe(store.feed.head());
      await again.close();
      return true;
    };
    for (const nth of faulted(steps)) {
      rmSync(stateRoot, { recursive: true, force: true });
      const where = `no room at step ${nth}`;
      const [, said] = await failing(nth, restore);
      const whole = await wholeOrNone(where);
      expect(whole, where).toBe(said === 'done');
      if (!whole) expect(said, where).toMatch(/^(storage\/root_unusable|backups\/backup_invalid)$/);
    }
    for (const nth of chosen(steps)) {
      rmSync(stateRoot, { recursive: true, force: true });
      await killed('restore', backup, stateRoot, '', String(nth));
      if (!(await wholeOrNone(`killed at step ${nth}`))) await restore();
      expect(await wholeOrNone(`restored after a kill at step ${nth}`)).toBe(true);
      expect(readdirSync(root.path).filter((name) => name.includes('restoring'))).toEqual([]);
    }
    expect(await verifyBackup(backup)).toMatchObject({ ok: true });
  },
  LIMIT_MS,
);
