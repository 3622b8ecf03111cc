import { execFileSync } from 'node:child_process';
import {
  closeSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
  cpSync,
  renameSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { savedRoot } from '../testing/saved-root.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import { readManifest } from './manifest.ts';
import { restoreBackup } from './restore-backup.ts';
import { verifyBackup } from './verify-backup.ts';

const seed = Number(process.env['KHEISH_TEST_SEED'] ?? Date.now() % 2 ** 31);

/** Of a file that is larger so many bytes, chosen by the seed; all of them with `BACKUP_EVERY_BYTE=1`. */
const every = process.env['BACKUP_EVERY_BYTE'] !== undefined;
const SMALL = 2_000;
const CHOSEN = 400;

function places(bytes: number): number[] {
  if (every || bytes <= SMALL) return Array.from({ length: bytes }, (_, index) => index);
  let state = seed;
  return Array.from({ length: CHOSEN }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bytes);
  });
}

async function backedUp(root: TemporaryRoot): Promise<string> {
  const store = await savedRoot(root);
  await store.backup({ directory: root.at('backups'), backupId: 'backup_1', createdAtMs: 1 });
  return root.at('backups/backup_1');
}

test(
  `every byte that is changed in any file of a backup is found, seed ${seed} [holds backup.verify]`,
  async () => {
    await using root = new TemporaryRoot();
    const backup = await backedUp(root);
    const names = ['manifest.json', ...readManifest(backup).files.map(({ path }) => path)];
    expect(names).toHaveLength(6);
    for (const name of names) {
      const file = join(backup, name);
      const bytes = readFileSync(file);
      const handle = openSync(file, 'r+');
      for (const [nth, at] of places(bytes.length).entries()) {
        const changed = Buffer.from([(bytes[at] ?? 0) ^ (1 << ((nth + at) % 8))]);
        writeSync(handle, changed, 0, 1, at);
        const { ok, findings } = await verifyBackup(backup);
        expect([ok, findings.length], `${name} at ${at}`).toEqual([false, 1]);
        writeSync(handle, bytes, at, 1, at);
      }
      closeSync(handle);
    }
    expect(await verifyBackup(backup)).toMatchObject({ ok: true });
  },
  every ? 3_600_000 : 120_000,
);

describe('found and not restored is', () => {
  const changes: Record<string, (backup: string) => void> = {
    'a file less': (backup) => rmSync(join(backup, 'tasks/live.out.1')),
    'a file more': (backup) => writeFileSync(join(backup, 'tasks/more.out'), ''),
    'a file that is shorter': (backup) =>
      truncateSync(join(backup, 'kheish.db'), statSync(join(backup, 'kheish.db')).size - 4_096),
    'a link in the place of a file': (backup) => {
      renameSync(join(backup, 'audit-signing.key'), join(backup, '../moved'));
      symlinkSync('../moved', join(backup, 'audit-signing.key'));
    },
    'a pipe in the place of a file': (backup) => {
      rmSync(join(backup, 'audit-signing.key'));
      execFileSync('mkfifo', [join(backup, 'audit-signing.key')]);
    },
    'a pipe in the place of the manifest': (backup) => {
      rmSync(join(backup, 'manifest.json'));
      execFileSync('mkfifo', [join(backup, 'manifest.json')]);
    },
    'two files in each other’s place': (backup) => {
      for (const [from, to] of [
        ['live.out', 'x'],
        ['live.out.1', 'live.out'],
        ['x', 'live.out.1'],
      ]) {
        renameSync(join(backup, 'tasks', from ?? ''), join(backup, 'tasks', to ?? ''));
      }
    },
    'the manifest of another backup': (backup) =>
      cpSync(join(backup, '../backup_0/manifest.json'), join(backup, 'manifest.json')),
  };
  test.each(Object.keys(changes))('%s', async (name) => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    const directory = root.at('backups');
    await store.backup({ directory, backupId: 'backup_0', createdAtMs: 1 });
    await store.beginIncarnation();
    await store.backup({ directory, backupId: 'backup_1', createdAtMs: 1 });
    const backup = root.at('backups/backup_1');
    changes[name]?.(backup);
    expect((await verifyBackup(backup)).ok).toBe(false);
    const stateRoot = root.at('restored');
    const restored = restoreBackup({ backup, stateRoot, atMs: 1 });
    // What the manifest does not name is not taken along, so it does no harm.
    if (name === 'a file more') await restored;
    else await expect(restored).rejects.toMatchObject({ code: 'backups/backup_invalid' });
  });
});

test('a backup whose files are right, and whose tables are not what its journal says, is found', async () => {
  await using root = new TemporaryRoot();
  const store = await savedRoot(root);
  root.sql(`UPDATE runs SET status = 'failed'`);
  await store.backup({ directory: root.at('backups'), backupId: 'backup_1', createdAtMs: 1 });
  const { ok, findings } = await verifyBackup(root.at('backups/backup_1'));
  expect(ok).toBe(false);
  expect(findings.map(({ check }) => check)).toContain('run');
});

test('a backup of a newer program is not restored, and what of it can be told is told', async () => {
  await using root = new TemporaryRoot();
  const store = await savedRoot(root);
  root.sql('PRAGMA user_version = 99');
  await store.backup({ directory: root.at('backups'), backupId: 'backup_1', createdAtMs: 1 });
  const backup = root.at('backups/backup_1');
  expect(await verifyBackup(backup)).toMatchObject({
    ok: true,
    not_checked: [expect.stringContaining('newer')],
  });
  const restored = restoreBackup({ backup, stateRoot: root.at('restored'), atMs: 1 });
  await expect(restored).rejects.toMatchObject({ code: 'storage/root_newer' });
});
