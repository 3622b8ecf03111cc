import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { created, recording } from '../testing/commands.ts';
import { LONG_TEXT, converse, savedRoot } from '../testing/saved-root.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import { backupAtRest } from './backup-at-rest.ts';
import { listBackups } from './list-backups.ts';
import { restoreBackup } from './restore-backup.ts';
import { verifyBackup } from './verify-backup.ts';

const requestOf = (root: TemporaryRoot, backupId: string) => ({
  directory: root.at('backups'),
  backupId,
  createdAtMs: 7,
});

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted();
}

describe('a backup', () => {
  test('has what the database names and the key, and nothing else, for nobody else to read', async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    const manifest = await store.backup(requestOf(root, 'backup_1'));
    expect(manifest).toMatchObject({
      backup_id: 'backup_1',
      root_id: store.root.rootId,
      schema_version: store.root.schemaVersion,
      head_seq: store.feed.head(),
      created_at_ms: 7,
      program_version: '1.0.0',
      signing_key: 'included',
      master_key_ids: ['key-1'],
    });
    const directory = root.at('backups', 'backup_1');
    const named = manifest.files.map(({ path }) => path);
    expect(named).toEqual([
      expect.stringMatching(/^assets\/[0-9a-f]{64}$/),
      'audit-signing.key',
      'kheish.db',
      'tasks/live.out',
      'tasks/live.out.1',
    ]);
    expect(named[0]).not.toContain('ffff');
    expect(filesIn(directory)).toEqual([...named, 'manifest.json'].toSorted());
    expect(readFileSync(join(directory, 'tasks/live.out'), 'utf8')).toBe('printed to live.out\n');
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const path of filesIn(directory)) {
      expect([path, statSync(join(directory, path)).mode & 0o777]).toEqual([path, 0o600]);
    }
    expect(await verifyBackup(directory)).toMatchObject({
      ok: true,
      findings: [],
      not_checked: ['the signatures of the ledger'],
    });
    expect(filesIn(directory)).toEqual([...named, 'manifest.json'].toSorted());
  });

  test('without the signing key says so; one of a root that has none says that', async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    const left = await store.backup({ ...requestOf(root, 'backup_1'), withoutSigningKey: true });
    expect(left.signing_key).toBe('left_out');
    expect(existsSync(root.at('backups/backup_1/audit-signing.key'))).toBe(false);
    await using bare = new TemporaryRoot();
    expect((await bare.open().backup(requestOf(bare, 'backup_1'))).signing_key).toBe('absent');
  });

  test('is of one moment: of each group of commits all or nothing, while they go on [holds backup.one_moment]', async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    for (let nth = 0; nth < 40; nth += 1) {
      const pad = created(`pad-${nth}`, 'x'.repeat(200_000));
      await store.commit(recording(`pad-${nth}`, pad));
    }
    const stop = new AbortController();
    let committed = 0;
    const load = (async () => {
      for (; !stop.signal.aborted; committed += 1) {
        const pair = [`a-${committed}`, `b-${committed}`];
        await Promise.all(pair.map((id) => store.commit(recording(id, created(id)))));
      }
    })();
    const before = store.feed.head();
    const { head_seq: head } = await store.backup(requestOf(root, 'backup_1'));
    const after = committed;
    stop.abort();
    await load;
    expect(after).toBeGreaterThan(1);
    expect(head).toBeGreaterThanOrEqual(before);
    expect(await verifyBackup(root.at('backups/backup_1'))).toMatchObject({ ok: true });
    const db = new Database(root.at('backups/backup_1/kheish.db'), { readonly: true });
    const count = (prefix: string) =>
      db
        .prepare(`SELECT count(*) FROM sessions WHERE session_id GLOB '${prefix}-[0-9]*'`)
        .pluck()
        .get();
    expect(count('a')).toBe(count('b'));
    db.close();
    expect((await store.verify()).findings).toEqual([]);
  });

  test('keeps the long texts of a session that is erased while it is made; then they go', async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    const under = store.backup(requestOf(root, 'backup_1'));
    // The copy begins in a thread of its own; the erasure comes before, amid or after its snapshot.
    await store.commit(recording('s1', { type: 'session_deleted', session_id: 's1' }));
    await under;
    expect(await verifyBackup(root.at('backups/backup_1'))).toMatchObject({ ok: true });
    expect(readdirSync(root.at('assets'))).toEqual([]);
    for (const name of filesIn(root.path).filter((path) => !path.startsWith('backups/'))) {
      expect(readFileSync(root.at(name)).includes(LONG_TEXT.slice(0, 100))).toBe(false);
    }
  });

  test('of a root at rest leaves the root as it is', async () => {
    await using root = new TemporaryRoot();
    await (await savedRoot(root)).close();
    const bytes = readFileSync(root.at('kheish.db'));
    const names = filesIn(root.path);
    await using elsewhere = new TemporaryRoot();
    const manifest = await backupAtRest(root.path, '1.0.0', requestOf(elsewhere, 'backup_1'));
    expect(manifest.files).toHaveLength(5);
    expect(filesIn(root.path)).toEqual(names);
    expect(readFileSync(root.at('kheish.db')).equals(bytes)).toBe(true);
    expect(await verifyBackup(elsewhere.at('backups/backup_1'))).toMatchObject({ ok: true });
  });

  test('of a root that is in use, or of none, is refused', async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    const again = () => backupAtRest(root.path, '1.0.0', requestOf(root, 'backup_1'));
    await expect(again()).rejects.toMatchObject({ code: 'storage/root_locked' });
    await store.close();
    await expect(
      backupAtRest(root.at('nowhere'), '1.0.0', requestOf(root, 'backup_1')),
    ).rejects.toMatchObject({ code: 'storage/root_unusable' });
    expect(existsSync(root.at('nowhere'))).toBe(false);
  });

  test('that is given up leaves nothing, and the root goes on', async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    const stop = new AbortController();
    const under = store.backup({ ...requestOf(root, 'backup_1'), signal: stop.signal });
    stop.abort();
    await expect(under).rejects.toMatchObject({ code: 'backups/backup_failed' });
    expect(readdirSync(root.at('backups'))).toEqual([]);
    await converse(store, 'later', LONG_TEXT);
    expect((await store.verify()).findings).toEqual([]);
  });
});

test('a log that grew under a long reader shrinks again', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  const bytes = () => statSync(root.at('kheish.db-wal')).size;
  const reader = new Database(root.at('kheish.db'), { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM journal').get();
  for (let n = 0; n < 24; n += 1) {
    await store.commit(recording(`s${n}`, created(`s${n}`, 'x'.repeat(500_000))));
  }
  expect(bytes()).toBeGreaterThan(20_000_000);
  reader.close();
  for (const id of ['a', 'b', 'c']) await store.commit(recording(id, created(id)));
  expect(bytes()).toBeLessThanOrEqual(16 * 1024 * 1024);
});

describe('the list of backups', () => {
  test('tells the good ones from what a kill left and what was changed, and knows nothing else', async () => {
    await using root = new TemporaryRoot();
    expect(listBackups(root.at('backups'))).toEqual([]);
    const store = await savedRoot(root);
    await store.backup(requestOf(root, 'backup_1'));
    await store.backup(requestOf(root, 'backup_2'));
    const manifest = root.at('backups/backup_2/manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"head_seq":', '"head_seq":1'));
    mkdirSync(root.at('backups/backup_3'));
    mkdirSync(root.at('backups/backup_4.root_other.partial'));
    mkdirSync(root.at('backups/other'));
    writeFileSync(root.at('backups/backup_5'), '');
    const states = listBackups(root.at('backups')).map(({ backup_id, state }) => [
      backup_id,
      state,
    ]);
    expect(states).toEqual([
      ['backup_1', 'complete'],
      ['backup_2', 'damaged'],
      ['backup_3', 'damaged'],
      ['backup_4', 'incomplete'],
    ]);
  });

  test('what a kill left of this root goes with its next backup; that of another root stays', async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    const own = root.at('backups', `backup_0.${store.root.rootId}.partial`);
    mkdirSync(own, { recursive: true });
    mkdirSync(root.at('backups/backup_0.root_other.partial'));
    await store.backup(requestOf(root, 'backup_1'));
    expect(readdirSync(root.at('backups')).toSorted()).toEqual([
      'backup_0.root_other.partial',
      'backup_1',
    ]);
  });
});

describe('a restored root', () => {
  test('has all that was committed before the backup, and numbers what comes apart [holds backup.restore]', async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    const { head_seq: head } = await store.backup(requestOf(root, 'backup_1'));
    const told = store.feed.page({ after: 0, limit: 1_000 }).rows;
    await converse(store, 'after', 'what the backup does not know');
    const backup = root.at('backups/backup_1');
    const stateRoot = root.at('restored');
    const done = await restoreBackup({ backup, stateRoot, atMs: 9 });
    expect(done).toMatchObject({ stateRoot, manifest: { root_id: store.root.rootId } });
    expect(filesIn(stateRoot)).toEqual(done.manifest.files.map(({ path }) => path));
    expect(readdirSync(root.path).filter((name) => name.includes('restoring'))).toEqual([]);

    const again = root.open({ stateRoot });
    expect(again.root.rootId).toBe(store.root.rootId);
    expect(again.feed.head()).toBe(head);
    const incarnation = await again.beginIncarnation();
    expect(incarnation).toMatchObject({ number: 2, afterCrash: true });
    await converse(again, 'new', LONG_TEXT);
    const { rows } = again.feed.page({ after: 0, limit: 1_000 });
    expect(rows.slice(0, told.length)).toEqual(told);
    expect(rows[told.length]).toMatchObject({ seq: 1_000_000_001, type: 'daemon_started' });
    expect(JSON.parse(rows[told.length]?.body ?? '')).toMatchObject({
      restored: { backup_id: 'backup_1', head_seq: head },
    });
    // A cursor at an event that only the other root ever had misses nothing here.
    expect(again.feed.page({ after: head + 3, limit: 1 }).rows[0]?.seq).toBe(1_000_000_001);
    expect(
      await again.blobs.text('new', {
        blob: done.manifest.files[0]?.digest ?? 'sha256:',
        bytes: 1,
      }),
    ).toBe(LONG_TEXT);
    expect((await again.verify()).findings).toEqual([]);
    await again.close();
    const third = root.open({ stateRoot });
    await third.beginIncarnation();
    expect(third.feed.page({ after: 1_000_000_001, limit: 100 }).rows.at(-1)?.body).not.toContain(
      'restored',
    );
  });

  test('of a restored root is numbered apart once more', async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    await store.backup(requestOf(root, 'backup_1'));
    const first = root.at('first');
    await restoreBackup({ backup: root.at('backups/backup_1'), stateRoot: first, atMs: 9 });
    const restored = root.open({ stateRoot: first });
    await restored.beginIncarnation();
    await restored.backup(requestOf(root, 'backup_2'));
    const second = root.at('second');
    await restoreBackup({ backup: root.at('backups/backup_2'), stateRoot: second, atMs: 9 });
    const again = root.open({ stateRoot: second });
    await again.beginIncarnation();
    expect(again.feed.head()).toBe(2_000_000_001);
    expect((await again.verify()).findings).toEqual([]);
  });

  test.each(['a file', 'a directory with something in it'])(
    'is not put in the place of %s',
    async (what) => {
      await using root = new TemporaryRoot();
      const store = await savedRoot(root);
      await store.backup(requestOf(root, 'backup_1'));
      const stateRoot = root.at('taken');
      if (what === 'a file') writeFileSync(stateRoot, 'kept');
      else mkdirSync(root.at('taken', 'something'), { recursive: true });
      const backup = root.at('backups/backup_1');
      await expect(restoreBackup({ backup, stateRoot, atMs: 9 })).rejects.toMatchObject({
        code: 'storage/root_unusable',
      });
      expect(readdirSync(root.path)).not.toContainEqual(expect.stringContaining('restoring'));
    },
  );

  test('may take the place of an empty directory', async () => {
    await using root = new TemporaryRoot();
    const store = await savedRoot(root);
    await store.backup(requestOf(root, 'backup_1'));
    mkdirSync(root.at('empty'));
    const backup = root.at('backups/backup_1');
    await restoreBackup({ backup, stateRoot: root.at('empty'), atMs: 9 });
    expect(existsSync(root.at('empty/kheish.db'))).toBe(true);
  });
});
